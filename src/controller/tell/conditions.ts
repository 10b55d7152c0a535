import type { ConditionReason, ConditionType } from "./condition-reasons.ts";

export type { ConditionType } from "./condition-reasons.ts";

const conditionTypes = [
  "Ready",
  "TargetResolved",
  "MetricsAvailable",
  "ProfilesReady",
  "Feasible",
  "Applied",
] as const satisfies readonly ConditionType[];

/** How one thing stands. `reason` is one word for programs, `message` is for people and says what to do. */
export interface Standing {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: ConditionReason;
  readonly message: string;
}

/** A condition as Kubernetes has it. */
interface Condition extends Standing {
  readonly type: ConditionType;
  readonly observedGeneration?: number | undefined;
  /** RFC 3339: when the status last changed. */
  readonly lastTransitionTime: string;
}

/** What a turn finds out about: `Ready` follows from these. */
export type StandingType = Exclude<ConditionType, "Ready">;
export type Standings = Readonly<Record<StandingType, Standing>>;

export const good = (reason: ConditionReason, message = ""): Standing => ({ status: "True", reason, message });
export const bad = (reason: ConditionReason, message: string): Standing => ({ status: "False", reason, message });
export const unknown = (reason: ConditionReason, message: string): Standing => ({ status: "Unknown", reason, message });

/** Of what a turn did not come to, and why not. */
export function notKnown(why: string): Standings {
  const standing = unknown("NotKnown", why);
  return {
    TargetResolved: standing,
    MetricsAvailable: standing,
    ProfilesReady: standing,
    Feasible: standing,
    Applied: standing,
  };
}

/**
 * `Ready` if all that counts holds, and nothing else is in the way; else with the reason of the first that does not, and the messages
 * of all.
 */
export function readiness(
  standings: Standings,
  counts: readonly StandingType[],
  inTheWay: Standing | null = null,
): Standing {
  const failing = counts.flatMap((type) => {
    const { status, reason, message } = standings[type];
    return status === "True" ? [] : [bad(reason, `${type}: ${message}`)];
  });
  const all = inTheWay === null ? failing : [...failing, inTheWay];
  const [first] = all;
  if (first === undefined) return good("Ready");
  // What waits for another of them says nothing of its own.
  const own = all.filter(({ reason }) => reason !== "NotKnown");
  return bad(first.reason, own.map(({ message }) => message.replace(/\.?$/, ".")).join(" "));
}

/** Longest message that a status may hold, characters. */
const LONGEST = 32_768;

/** The conditions of a status, with the times of those that did not change. */
export function conditionsOf(
  standings: Standings & { readonly Ready: Standing },
  before: readonly Pick<Condition, "type" | "status" | "lastTransitionTime">[],
  observedGeneration: number,
  now: string,
): readonly Condition[] {
  return conditionTypes.map((type) => {
    const old = before.find((one) => one.type === type);
    const { status, reason, message } = standings[type];
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
    return { type, status, reason, message: message.slice(0, LONGEST), observedGeneration, lastTransitionTime };
  });
}
