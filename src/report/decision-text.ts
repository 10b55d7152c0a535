import { reasonNames } from "../core/reason.ts";
import type { BrokenReport, DecisionReport, SettingReport, Versions } from "./decision.ts";
import { decimals, rate } from "./numbers.ts";
import { planText } from "./plan-text.ts";

/** A recorded decision for people: whether it was made again, what it changed, what bound it, and what came next. */
export function decisionText(report: DecisionReport): string {
  return [
    `Decision ${report.decision_id} of ${report.pipeline} at ${report.clock}: ${reasonNames[report.reason]}`,
    ...givenUp(report),
    ...reproduction(report),
    ...loads(report),
    report.running.length === 0
      ? "Nothing was running."
      : `In force: ${report.running.map(inForce(report)).join("; ")}.`,
    ...(report.plan === null ? [nothingSolved(report)] : ["", planText(report.plan)]),
    ...change(report),
    ...staying(report),
    ...nextBest(report),
  ].join("\n");
}

function givenUp({ given_up }: DecisionReport): readonly string[] {
  if (given_up === null) return [];
  const { after_s, reason_given_time } = given_up;
  const when = after_s > 0 ? `Given up after ${decimals(after_s, 2)} s` : "Not tried, as it had taken too long before";
  return [
    `${when}, and the plan held. Given time it would have been: ${reasonNames[reason_given_time]}. That is what follows.`,
  ];
}

function reproduction(report: DecisionReport): readonly string[] {
  const { reproduced, given_up, difference, recorded_by, explained_by } = report;
  if (reproduced) return given_up === null ? ["Made again from what was seen: the same, to the byte."] : [];
  const what =
    difference === null
      ? "only the order of keys differs"
      : `${difference.path} was ${difference.recorded ?? "not there"}, and is ${difference.remade ?? "not there"}`;
  // The plan comes first.
  const only = difference?.path === "reason" ? " The plan is the same." : "";
  const same = recorded_by.ipa === explained_by.ipa && recorded_by.node === explained_by.node;
  return [
    `NOT the same when made again: ${what}.${only}${given_up === null ? " What follows is of the one made again." : ""}`,
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

function loads({ predicted_load_rps, last_load_rps, plan }: DecisionReport): readonly string[] {
  if (predicted_load_rps === null) return [];
  const last = last_load_rps === null ? "no plan before is remembered" : `the last plan was for ${rate(last_load_rps)}`;
  const held =
    plan === null || plan.load_rps <= predicted_load_rps
      ? ""
      : `, and this one is for ${rate(plan.load_rps)}, since a fall is followed only after the stabilisation`;
  return [`Load: ${rate(predicted_load_rps)} rps predicted; ${last}${held}.`];
}

/** A setting of the plan in force, with what serves until it does. */
function inForce({ serving }: DecisionReport): (setting: SettingReport) => string {
  return (setting) => {
    const instead = serving.find(({ stage }) => stage === setting.stage);
    const text = settingText(setting);
    if (instead === undefined) return text;
    const ready = instead.ready === null ? "" : `${instead.ready} ready; `;
    return `${text} (${ready}until it takes over, ${instead.variant} × ${instead.replicas} serves)`;
  };
}

function settingsText(settings: readonly SettingReport[]): string {
  return settings.map(settingText).join("; ");
}

function settingText({ stage, variant, batch, replicas }: SettingReport): string {
  return `${stage} ${variant} × ${replicas}, batches of ${batch}`;
}

/** The most stretches that are named. */
const NAMED = 5;

function nothingSolved({ missing, reason, given_up, load_end_s }: DecisionReport): string {
  const made = given_up?.reason_given_time ?? reason;
  if (missing === null) return `Nothing was solved: the policy's own rule decided (${reasonNames[made]}).`;
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

function staying({ staying: stay, plan }: DecisionReport): readonly string[] {
  if (stay === null || plan === null) return [];
  const { loses, objective, objective_accuracy, cost_cores, latency_s, breaks } = stay;
  const latency = latency_s === null ? "queues that grow" : `a latency of ${decimals(latency_s, 3)} s`;
  const figures =
    `Staying with what was in force: ${decimals(cost_cores, 2)} cores, ${plan.accuracy_metric} ` +
    `${decimals(objective_accuracy, 4)}, ${latency}, objective ${decimals(objective, 4)}`;
  if (breaks.length > 0) {
    // Where more comes than can be served, that the latency has no end follows.
    const told = breaks.filter(({ row, value }) => row !== "sla" || value !== null || breaks.length === 1);
    return [`${figures}. It breaks:`, ...told.map((one) => `  ${brokenText(one)}`)];
  }
  const cost = loses === null ? "" : `, and would have lost ${loses.toPrecision(4)} of the objective`;
  return [`${figures}. It keeps all limits${cost}.`];
}

function brokenText({ row, value, limit }: BrokenReport): string {
  const [kind = row, stage = ""] = row.split(/ (.*)/);
  switch (kind) {
    case "sla":
      return value === null ? "the SLA" : `the SLA, ${decimals(value, 3)} s of ${limit} s`;
    case "cores":
      return `the budget, ${decimals(value, 2)} of ${decimals(limit, 2)} cores`;
    case "accuracy_floor":
      return `the accuracy floor, ${decimals(value, 4)} of ${decimals(limit, 4)}`;
    case "capacity":
      return `the capacity of ${stage}, where ${rate(value)} items come a second and ${rate(limit)} can be served`;
    case "replicas":
      return `the most replicas of ${stage}, ${value} of ${limit}`;
    case "min_replicas":
      return `the fewest replicas of ${stage}, ${value} of ${limit}`;
    default:
      return `what ${stage} may run`;
  }
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
