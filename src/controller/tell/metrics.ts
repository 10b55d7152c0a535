import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type Metric } from "prom-client";

const PIPELINE = ["namespace", "pipeline"] as const;
const VARIANT = [...PIPELINE, "stage", "variant"] as const;

type PipelineLabels = Readonly<Record<(typeof PIPELINE)[number], string>>;
type VariantLabels = Readonly<Record<(typeof VARIANT)[number], string>>;

/** What a controller tells of itself and its pipelines. Units are in the names. */
export function controllerMetrics() {
  const registry = new Registry();
  const registers = [registry];
  // Of the process: memory, CPU, how long the event loop is held up.
  collectDefaultMetrics({ register: registry });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
    new Gauge({ name, help, labelNames, registers });
  const metrics = {
    leader: gauge("ipa_leader", "1 if this controller leads, else 0", []),
    loadObserved: gauge("ipa_load_observed_rps", "Newest load measured, requests per second", PIPELINE),
    loadPredicted: gauge("ipa_load_predicted_rps", "Load predicted, requests per second, before the margin", PIPELINE),
    loadPlanned: gauge("ipa_load_planned_rps", "Load planned for, requests per second", PIPELINE),
    latencyPredicted: gauge(
      "ipa_latency_predicted_seconds",
      "Latency that the plan promises at the SLA's quantile",
      PIPELINE,
    ),
    latencyObserved: gauge("ipa_latency_observed_seconds", "Latency measured at the SLA's quantile", PIPELINE),
    accuracy: gauge("ipa_accuracy", "Accuracy of the plan: the product of the stages' accuracies", PIPELINE),
    cores: gauge("ipa_cores", "CPU cores that the plan reserves", PIPELINE),
    recommended: gauge(
      "ipa_recommended_replicas",
      "Replicas that the plan has of a variant, from mode Recommend on",
      VARIANT,
    ),
    desired: gauge(
      "ipa_desired_replicas",
      "Replicas for an HPA or KEDA to set: in mode Signal alone, and only on the leader",
      VARIANT,
    ),
    profileError: gauge(
      "ipa_profile_error_ratio",
      "Mean service time measured over that of the profile, less 1",
      VARIANT,
    ),
    condition: gauge("ipa_condition", "1 where a condition of a pipeline is True, else 0", [...PIPELINE, "type"]),
    decisions: new Counter({
      name: "ipa_decisions_total",
      help: "Decisions by what they do to the cores of the plan, and why",
      labelNames: [...PIPELINE, "direction", "reason"] as const,
      registers,
    }),
    writes: new Counter({
      name: "ipa_scale_writes_total",
      help: "Numbers of replicas written",
      labelNames: PIPELINE,
      registers,
    }),
    missed: new Counter({
      name: "ipa_turns_missed_total",
      help: "Turns that were due while the one before still went on",
      labelNames: PIPELINE,
      registers,
    }),
    delay: new Histogram({
      name: "ipa_turn_delay_seconds",
      help: "From when a turn was due until it began",
      buckets: [0.001, 0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10],
      registers,
    }),
    decisionTime: new Histogram({
      name: "ipa_decision_duration_seconds",
      help: "Time that a decision took, or that was waited for one that was given up",
      buckets: [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    calls: new Counter({
      name: "ipa_kube_calls_total",
      help: "Calls to the API server by verb and HTTP status; status 0: no answer",
      labelNames: ["verb", "status"] as const,
      registers,
    }),
  };

  const { leader: _ofAll, delay: _delays, decisionTime: _times, calls: _calls, ...others } = metrics;
  const ofPipelines: readonly Metric[] = Object.values(others);
  const shown = new Map<string, readonly VariantLabels[]>();
  const keyOf = ({ namespace, pipeline }: PipelineLabels): string => `${namespace}/${pipeline}`;
  const note = (of: VariantLabels): void => {
    const key = keyOf(of);
    shown.set(key, [...(shown.get(key) ?? []), of]);
  };
  return {
    ...metrics,
    registry,
    /** Shows the replicas of a variant as recommended, and where others are to set them also as desired. */
    showReplicas: (of: VariantLabels, replicas: number): void => {
      note(of);
      metrics.recommended.set(of, replicas);
    },
    showSignal: (of: VariantLabels, replicas: number): void => {
      note(of);
      metrics.desired.set(of, replicas);
    },
    showProfileError: (of: VariantLabels, error: number): void => {
      note(of);
      metrics.profileError.set(of, error);
    },
    /** Shows nothing of a pipeline's variants any more. */
    withdrawVariants: (of: PipelineLabels): void => {
      const key = keyOf(of);
      for (const labels of shown.get(key) ?? []) {
        metrics.recommended.remove(labels);
        metrics.desired.remove(labels);
        metrics.profileError.remove(labels);
      }
      shown.delete(key);
    },
    /** Forgets a pipeline that is gone, and on losing the lead all of them, at once: what is not known must not look as if it were. */
    forget: async (labels: PipelineLabels | null): Promise<void> => {
      if (labels === null) shown.clear();
      else shown.delete(keyOf(labels));
      for (const one of ofPipelines) {
        if (labels === null) one.reset();
        else for (const { labels: has } of (await one.get()).values) if (isOf(labels, has)) one.remove(has);
      }
    },
  };
}

export type ControllerMetrics = ReturnType<typeof controllerMetrics>;

/** How a decision moves the cores of a plan. */
export function directionOf(before: number, after: number): "up" | "down" | "same" {
  return after > before ? "up" : after < before ? "down" : "same";
}

function isOf(labels: PipelineLabels, has: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(labels).every(([key, value]) => has[key] === value);
}
