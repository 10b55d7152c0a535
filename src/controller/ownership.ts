import { instantText } from "../formats/status.ts";
import type { ScaleStep } from "./carry-out.ts";
import type { Context } from "./context.ts";
import { confirmed, isOf, pinned, type Ledger } from "./ledger.ts";

/** What came of setting a number. */
export interface Written {
  readonly ledger: Ledger;
  /** Who had it before, where it was taken over by this write. */
  readonly takenFrom?: string;
  /** Who took it back; then nothing was written. */
  readonly pinnedBy?: string;
}

/**
 * Sets the replicas of a target as their owner. The first write takes over by force; after that a conflict means that somebody
 * took the number back, and it is left to them.
 */
export async function writeOwned(
  { scales, clock }: Pick<Context, "scales" | "clock">,
  namespace: string,
  { view: { target }, replicas }: ScaleStep,
  ledger: Ledger,
): Promise<Written> {
  const owned = ledger.takenOver.some((one) => isOf(one, target) && one.confirmed);
  const attempt = await scales.write(namespace, target, replicas, false);
  if ("scale" in attempt) return { ledger: owned ? ledger : confirmed(ledger, target, "") };
  const by = attempt.heldBy;
  if (owned) {
    // As many as there are now is what the next decision has to take as given.
    await scales.read(namespace, target);
    return { ledger: pinned(ledger, target, instantText(clock()), by), pinnedBy: by };
  }
  await scales.write(namespace, target, replicas, true);
  return { ledger: confirmed(ledger, target, by), takenFrom: by };
}
