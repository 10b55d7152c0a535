import { planCores } from "../../core/plan.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import { reasonNames } from "../../core/reason.ts";
import type { PipelineStatus } from "../../formats/status-schema.ts";
import type { Answer, Context } from "../context.ts";
import type { Known } from "../known.ts";
import { directionOf } from "./metrics.ts";
import type { Told } from "./report.ts";

/** Puts what a turn found into the metrics; what it did not find is not shown, rather than shown as it was. */
export function publish(
  { metrics }: Context,
  { namespace, name, built }: Known,
  told: Told,
  status: PipelineStatus,
): void {
  const of = { namespace, pipeline: name };
  const { measured, observed: seen, answer, signals = [] } = told;
  for (const { type, status: holds } of status.conditions ?? []) {
    metrics.condition.set({ ...of, type }, holds === "True" ? 1 : 0);
  }
  const observed = measured !== undefined && "load" in measured ? measured.load.rates.at(-1) : null;
  const decision = answer?.decision;
  const promised = answer?.promised;
  const gauges = [
    [metrics.loadObserved, observed],
    [metrics.loadPredicted, decision?.load],
    [metrics.loadPlanned, decision?.planned],
    [metrics.latencyPredicted, promised?.latency],
    [metrics.latencyObserved, seen?.latency],
    [metrics.accuracy, promised?.accuracy],
    [metrics.cores, promised?.cores],
  ] as const;
  for (const [gauge, value] of gauges) {
    if (value === undefined || value === null) gauge.remove(of);
    else gauge.set(of, value);
  }
  // Also of variants that the pipeline had before, or while it could be understood.
  metrics.withdrawVariants(of);
  if (!("pipeline" in built)) return;
  for (const stage of built.pipeline.stages) {
    const setting = decision?.plan.find((one) => one.stage === stage.name);
    for (const variant of stage.variants) {
      const labels = { ...of, stage: stage.name, variant: variant.name };
      const replicas =
        setting === undefined ? null : setting.variant === variant.name ? setting.replicas : (variant.standby ?? 0);
      const found = seen?.errors.find((one) => one.stage === stage.name && one.variant === variant.name);
      if (found !== undefined) metrics.showProfileError(labels, found.error);
      if (replicas !== null) metrics.showReplicas(labels, replicas);
      const signal = signals.find((one) => one.stage === stage.name && one.variant === variant.name);
      if (signal !== undefined) metrics.showSignal(labels, signal.replicas);
    }
  }
}

export function countDecision(
  { metrics }: Pick<Context, "metrics">,
  of: { readonly namespace: string; readonly pipeline: string },
  pipeline: Pipeline,
  { decision, seen, seconds }: Answer,
): void {
  const [before, after] = [seen.running, decision.plan].map((plan) =>
    plan.length === 0 ? 0 : planCores(pipeline, plan),
  );
  const direction = directionOf(before ?? 0, after ?? 0);
  metrics.decisions.inc({ ...of, direction, reason: reasonNames[decision.reason] });
  // What was not even tried was not fast.
  if (seconds > 0) metrics.decisionTime.observe(seconds);
}
