export const conditionTypes = [
  "Ready",
  "TargetResolved",
  "MetricsAvailable",
  "ProfilesReady",
  "Feasible",
  "Applied",
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** How one thing stands. `reason` is one word for programs, `message` is for people and says what to do. */
export interface Standing {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** A condition as Kubernetes has it. */
export interface Condition extends Standing {
  readonly type: ConditionType;
  readonly observedGeneration?: number | undefined;
  /** RFC 3339: when the status last changed. */
  readonly lastTransitionTime: string;
}

export type Standings = Readonly<Record<Exclude<ConditionType, "Ready">, Standing>>;

export const good = (reason: string, message = ""): Standing => ({ status: "True", reason, message });
export const bad = (reason: string, message: string): Standing => ({ status: "False", reason, message });
export const unknown = (reason: string, message: string): Standing => ({ status: "Unknown", reason, message });

/** `Ready` if all that counts holds; else as the first that does not. */
export function readiness(standings: Standings, counts: readonly Exclude<ConditionType, "Ready">[]): Standing {
  const failing = counts.map((type) => standings[type]).find(({ status }) => status !== "True");
  return failing === undefined ? good("Ready") : bad(failing.reason, failing.message);
}

/** The conditions of a status, with the times of those that did not change. */
export function conditionsOf(
  standings: Standings & { readonly Ready: Standing },
  before: readonly Condition[],
  observedGeneration: number,
  now: string,
): readonly Condition[] {
  return conditionTypes.map((type) => {
    const old = before.find((one) => one.type === type);
    const { status, reason, message } = standings[type];
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
    return { type, status, reason, message, observedGeneration, lastTransitionTime };
  });
}
