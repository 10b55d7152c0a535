import type { Target } from "../../core/control.ts";
import { instantText } from "../../formats/status.ts";
import { KubeError } from "../../kube/errors.ts";
import type { ScaleStep } from "./carry-out.ts";
import type { Context } from "../context.ts";
import { confirmed, entryOf, isOf, isTakenDown, pinned, type Ledger } from "./ledger.ts";
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

/** Whoever sets 0 by /scale. */
const NOBODY_KNOWN = "somebody who is not known (0 is stored without who set it)";

/**
 * Sets the replicas of a target as their owner. The first write takes over by force; after that a conflict means that somebody
 * took the number back, as does a 0 that is not ours, and it is left to them. So it is where it has changed since it was seen; and where a
 * taking over was begun before, nobody knows whether it was carried out, and there is another number than there was.
 */
export async function writeOwned(
  { scales, clock }: Pick<Context, "scales" | "clock">,
  namespace: string,
  { view: { target, scale: seen }, replicas }: ScaleStep,
  ledger: Ledger,
): Promise<Written> {
  const entry = entryOf(ledger, target);
  const isOwn = entry?.confirmed === true;
  const pin = (by: string): Written => ({ ledger: pinned(ledger, target, instantText(clock()), by), pinnedBy: by });
  const changedTo = async (found: number): Promise<Written> => {
    // A 0 that we meant ourselves may have been late.
    const isOurs = found > 0 || entry?.aboveZero === false;
    const by = (await scales.holder(namespace, target)) || (isOurs ? "" : NOBODY_KNOWN);
    if (by !== "") return pin(by);
    const now = `${target.kind} ${target.name} has ${found} replicas by now, not ${seen.replicas}`;
    throw new KubeError(`${now}; the next turn decides anew`, { status: 409, reason: "Conflict" });
  };
  if (isTakenDown(ledger, target, seen.replicas)) {
    const now = await scales.read(namespace, target);
    if ("replicas" in now && now.replicas === 0) return changedTo(0);
  }
  const change = { from: seen.replicas, to: replicas };
  const attempt = await scales.write(namespace, target, change, false);
  if ("found" in attempt) return changedTo(attempt.found);
  if ("scale" in attempt) return { ledger: confirmed(ledger, target, isOwn ? entry.formerManager : "", replicas) };
  const by = attempt.heldBy;
  if (isOwn || (entry?.found !== undefined && entry.found !== seen.replicas)) {
    // As many as there are now is what the next decision has to take as given.
    await scales.read(namespace, target);
    return pin(by);
  }
  const forced = await scales.write(namespace, target, change, true);
  if ("found" in forced) return changedTo(forced.found);
  return { ledger: confirmed(ledger, target, by, replicas), takenFrom: by };
}

/**
 * Finds out which of the takings over did succeed that were begun and not seen to: the number may be as it is to be, so that no write would
 * tell, and whoever changes it from now on takes it back. `isFresh`: a former leader may have died before it said what it had done.
 */
export async function settleOwned(
  scales: Context["scales"],
  namespace: string,
  views: readonly TargetView[],
  fixed: readonly Fixed[],
  { ledger, isFresh }: { readonly ledger: Ledger; readonly isFresh: boolean },
): Promise<Ledger> {
  const isFree = (target: Target): boolean => !fixed.some((one) => isOf(one.target, target));
  let settled = ledger;
  for (const { formerManager, found, aboveZero, ...entry } of ledger.takenOver) {
    const view = views.find(({ target }) => isOf(entry, target));
    if (view === undefined || !isFree(view.target)) continue;
    const { target, scale } = view;
    const isOurs = entry.confirmed
      ? isFresh && aboveZero !== true && scale.replicas > 0
      : found !== undefined && (await scales.holder(namespace, target)) === "";
    if (isOurs) settled = confirmed(settled, target, formerManager, scale.replicas);
  }
  return settled;
}
