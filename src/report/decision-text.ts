import type { DecisionReport, SettingReport, Versions } from "./decision.ts";
import { decimals } from "./numbers.ts";
import { planText } from "./plan-text.ts";

/** A recorded decision for people: whether it was made again, what it changed, what bound it, and what came next. */
export function decisionText(report: DecisionReport): string {
  return [
    `Decision ${report.decision_id} of ${report.pipeline} at ${report.clock}: ${report.reason}`,
    ...givenUp(report),
    ...reproduction(report),
    report.running.length === 0 ? "Nothing was running." : `Running: ${settingsText(report.running)}.`,
    ...(report.plan === null ? [nothingSolved(report)] : ["", planText(report.plan)]),
    ...change(report),
    ...nextBest(report),
  ].join("\n");
}

function givenUp({ given_up }: DecisionReport): readonly string[] {
  if (given_up === null) return [];
  const { after_s, reason_given_time } = given_up;
  const when = after_s > 0 ? `Given up after ${decimals(after_s, 2)} s` : "Not tried, as it had taken too long before";
  return [`${when}, and the plan held. Given time it would have been: ${reason_given_time}. That is what follows.`];
}

function reproduction(report: DecisionReport): readonly string[] {
  const { reproduced, given_up, difference, recorded_by, explained_by } = report;
  if (reproduced) return given_up === null ? ["Made again from what was seen: the same, to the byte."] : [];
  const what =
    difference === null
      ? "only the order of keys differs"
      : `${difference.path} was ${difference.recorded ?? "not there"}, and is ${difference.remade ?? "not there"}`;
  const same = recorded_by.ipa === explained_by.ipa && recorded_by.node === explained_by.node;
  return [
    `NOT the same when made again: ${what}.${given_up === null ? " What follows is of the one made again." : ""}`,
    same
      ? "Both by the same ipa and Node: a search that was stopped then, or a fault in ipa."
      : `It was made by ${versions(recorded_by)}, and again by ${versions(explained_by)}, which may decide otherwise.`,
  ];
}

function change({ change: loses, given_up }: DecisionReport): readonly string[] {
  const costs = given_up === null ? "costs" : "would have cost";
  return loses > 0 ? [`The change from what ran ${costs} ${decimals(loses, 4)} of the objective.`] : [];
}

function versions({ ipa, node }: Versions): string {
  return `ipa ${ipa} on Node ${node}`;
}

function settingsText(settings: readonly SettingReport[]): string {
  return settings
    .map(({ stage, variant, batch, replicas }) => `${stage} ${variant} × ${replicas}, batches of ${batch}`)
    .join("; ");
}

/** The most stretches that are named. */
const NAMED = 5;

function nothingSolved({ missing, reason, given_up, load_end_s }: DecisionReport): string {
  const made = given_up?.reason_given_time ?? reason;
  if (missing === null) return `Nothing was solved: the policy's own rule decided (${made}).`;
  const { windows, window_s, missing: without, newest, coarse, spans } = missing;
  const held = "The plan was held, for the load was not known: ";
  if (windows === 0) return `${held}none was measured.`;
  if (coarse) return `${held}it was measured in steps that are longer than the ${window_s} s of a window.`;
  if (without === 0) return `${held}no window is missing, and the predictor said nothing all the same.`;
  const ages = spans
    .toReversed()
    .slice(0, NAMED)
    .map(({ from_s, to_s }) => `${decimals(load_end_s - from_s, 0)} to ${decimals(load_end_s - to_s, 0)} s`);
  return (
    `${held}${without} of ${windows} windows of ${window_s} s are missing${newest ? ", the newest too" : ""}. They are those ` +
    `${ages.join(", ")}${spans.length > NAMED ? ", and older ones" : ""} before the end of what was seen. ` +
    "A prediction needs the newest, and half of all."
  );
}

function nextBest({ next_best, plan }: DecisionReport): readonly string[] {
  if (plan === null || (plan.status !== "optimal" && plan.status !== "feasible")) return [];
  if (next_best === null) return ["There is no other plan that keeps all limits."];
  const { stages, objective_accuracy, cost_cores, latency_s, tie, loses } = next_best;
  return [
    `Next best: ${settingsText(stages)}.`,
    `It has ${decimals(cost_cores, 2)} cores, ${plan.accuracy_metric} ${decimals(objective_accuracy, 4)} and a latency of ` +
      `${decimals(latency_s, 3)} s, and ${tie ? "is a tie" : `would have lost ${loses.toPrecision(4)} of the objective`}.`,
  ];
}
