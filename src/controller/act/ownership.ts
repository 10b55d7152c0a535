import type { Target } from "../../core/control.ts";
import { instantText } from "../../formats/status.ts";
import type { ScaleStep } from "./carry-out.ts";
import type { Context } from "../context.ts";
import { confirmed, isOf, pinned, type Ledger } from "./ledger.ts";
import type { Fixed } from "../see/fixed.ts";
import type { TargetView } from "../see/targets.ts";

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

/**
 * Finds out which of the takings over that a former leader began did succeed: the number may be as it is to be, so that no write would
 * tell, and whoever changes it from now on takes it back.
 */
export async function settleOwned(
  scales: Context["scales"],
  namespace: string,
  views: readonly TargetView[],
  fixed: readonly Fixed[],
  ledger: Ledger,
): Promise<Ledger> {
  const isFree = (target: Target): boolean => !fixed.some((one) => isOf(one.target, target));
  let settled = ledger;
  for (const { formerManager, confirmed: isConfirmed, ...entry } of ledger.takenOver) {
    const view = views.find(({ target }) => isOf(entry, target));
    if (isConfirmed || view === undefined || !isFree(view.target)) continue;
    if (await scales.isOurs(namespace, view.target)) settled = confirmed(settled, view.target, formerManager);
  }
  return settled;
}
