import type { Target } from "../../core/control.ts";
import type { Failure } from "../act/carry-out.ts";
import { RESUME } from "../known.ts";
import { NOT_ACTING } from "../memory.ts";
import type { Fixed } from "../see/fixed.ts";
import type { PipelineStatus } from "../../formats/status-schema.ts";
import { isConditionReason } from "./condition-reasons.ts";
import { bad, good, unknown, type Standing } from "./conditions.ts";

/** A target whose number somebody else sets, and who. */
interface Held {
  readonly target: Pick<Target, "kind" | "name">;
  readonly by: string;
}

/**
 * How it stands with carrying a plan out, once all steps were tried. `hasPlan`: there is one. `switches`: what serves until stages have
 * switched their variant; empty where none does.
 */
export function standingOfApplied(
  pipeline: { readonly namespace: string; readonly name: string },
  failures: readonly Failure[],
  fixed: readonly Fixed[],
  hasPlan: boolean,
  switches: string,
): Standing {
  const contested = fixed.filter(({ reason }) => reason === "TargetContested");
  const pinned: readonly Held[] = [
    ...fixed.filter(({ reason }) => reason === "TargetPinned"),
    ...failures.filter((one) => one.reason === "TargetPinned"),
  ];
  const differing = fixed.filter(({ reason }) => reason === "ResourcesDiffer");
  // In the order in which they count.
  const told: readonly Pick<Standing, "reason" | "message">[] = [
    ...byHolder(contested, (by, what) => `${by} scales ${what} too, which is left to that. Let only one scale it.`).map(
      (message) => ({ reason: "TargetContested" as const, message }),
    ),
    ...(pinned.length === 0 ? [] : [{ reason: "TargetPinned" as const, message: pinnedText(pipeline, pinned) }]),
    ...differing.map(({ by, target }) => ({
      reason: "ResourcesDiffer" as const,
      message: `${by}; so ${nameOf(target)} is left as it is.`,
    })),
    ...failures.flatMap((one) => (one.reason === "TargetPinned" || one.reason === "Switching" ? [] : one)),
  ];
  const [first] = told;
  if (first !== undefined) return bad(first.reason, [...new Set(told.map(({ message }) => message))].join(" "));
  const waiting = failures.flatMap((one) => (one.reason === "Switching" ? one.message : []));
  const texts = [switches, ...waiting].filter((text) => text !== "");
  return hasPlan ? appliedBut(texts.join("; ")) : unknown("NotDecided", "no plan has been made yet");
}

/** All was done that is to be done now: a condition that came and went with each switch would tell less. */
function appliedBut(switches: string): Standing {
  return switches === "" ? good("Applied") : good("Switching", switches);
}

type ConditionStatus = NonNullable<PipelineStatus["conditions"]>[number];

/** While steps are taken it stands as it did, once it was known. */
export function standingMeanwhile(before: ConditionStatus | undefined, switches: string): Standing {
  const { status = "Unknown", reason = "NotKnown", message = "" } = before ?? {};
  if (status === "True") return appliedBut(switches);
  return status === "Unknown" || reason === NOT_ACTING || !isConditionReason(reason)
    ? unknown("Applying", "the plan is being carried out")
    : bad(reason, message);
}

function pinnedText(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  pinned: readonly Held[],
): string {
  return [
    ...byHolder(pinned, (by, what) => `${by} set the replicas of ${what}, which are left at that.`),
    "Leave `replicas` out of what is applied for them, and have them controlled again:",
    `\`kubectl annotate ipl ${name} -n ${namespace} ${RESUME}="$(date +%s)" --overwrite\``,
  ].join(" ");
}

/** One text for each who holds any, with all that it holds. */
function byHolder(held: readonly Held[], text: (by: string, what: string) => string): readonly string[] {
  return [...Map.groupBy(held, ({ by }) => by)].map(([by, all]) =>
    text(by, [...new Set(all.map(({ target }) => nameOf(target)))].join(", ")),
  );
}

function nameOf({ kind, name }: Held["target"]): string {
  return `${kind} ${name}`;
}
