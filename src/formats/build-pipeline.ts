import type { AccuracyMetricName } from "../core/accuracy.ts";
import { countPaths, MOST_PATHS } from "../core/graph.ts";
import { defaults, type Objective, type Pipeline, type Stage, type StartUp, type Variant } from "../core/pipeline.ts";
import { buildMovement } from "./build-movement.ts";
import { checkControl } from "./build-control.ts";
import { checkOffers, checkPins, checkStandby, type At } from "./check-pins.ts";
import { Complaints } from "./complaints.ts";
import type { PipelineFile } from "./pipeline-file.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import type { ProfileFile } from "./profile-csv.ts";
import { seconds, secondsOr } from "./quantity.ts";
import type { YamlPath } from "./yaml.ts";

/** So much load a predictor sees at most, in windows: beyond any use, and little to hold. */
const MOST_WINDOWS = 10_000;

/** So many variants, batches and numbers of replicas, each with each, are looked at in an instant, and held in little memory. */
const MOST_WAYS = 1_000_000;

/** Makes the pipeline from its file and the profiles that it names; defaults are filled in here. */
export function buildPipeline(source: PipelineFile, profiles: ReadonlyMap<string, ProfileFile>): Pipeline {
  const { metadata, spec } = source.value;
  const complaints = new Complaints(source.path);
  const at: At = (path, text, code) =>
    complaints.add(source.file.place(["spec", ...path]), ["spec", ...path].join("."), text, code);
  const atKey: At = (path, text, code) => {
    const place = source.file.keyPlace(["spec", ...path.slice(0, -1)], String(path.at(-1)));
    complaints.add(place, ["spec", ...path].join("."), text, code);
  };
  const { adaptation = {}, limits = {}, margins = {}, reproduction = {} } = spec;
  const { cores, ...caps } = limits;
  const whole = { ...filled(defaults.limits, caps), ...present({ cores }) };
  const { capacity } = filled(defaults.reproduction, reproduction);

  checkNames(
    spec.stages.map((stage) => stage.name),
    (i) => ["stages", i, "name"],
    at,
  );
  const stages = spec.stages.map((stage, s): Stage => {
    const here: YamlPath = ["stages", s];
    checkNames(
      stage.variants.map((one) => one.name),
      (i) => [...here, "variants", i, "name"],
      at,
    );
    for (const [i, name] of (stage.after ?? []).entries()) {
      if (stage.after?.indexOf(name) !== i) {
        at([...here, "after", i], `names "${name}" again. Keep one of the two.`, "duplicate");
      }
      if (!spec.stages.some((other) => other.name === name)) {
        at(
          [...here, "after", i],
          `there is no stage "${name}"; stages are ${spec.stages.map((other) => other.name).join(", ")}. Correct the name.`,
          "unknown_name",
        );
      }
    }
    const profile = profiles.get(stage.profile);
    const variants = stage.variants.map((one, v): Variant => {
      const coresPerReplica = one.cores;
      const path: YamlPath = [...here, "variants", v];
      const startUp = startUpOf(one.startUp ?? spec.startUp, (text) =>
        at(one.startUp === undefined ? ["startUp"] : [...path, "startUp"], text),
      );
      const points = profileOf(profile, one.name, coresPerReplica, (key, text) =>
        at([...path, key], text, "unknown_name"),
      );
      if (capacity === "measured" && points.some((point) => point.throughput === undefined)) {
        at(
          [...path, "name"],
          `reproduction.capacity "measured" needs throughput_rps in every row of ${stage.profile}. Add it, or use "mean".`,
        );
      }
      return {
        name: one.name,
        accuracy: one.accuracy,
        coresPerReplica,
        startUp,
        profile: points,
        ...present({ minReplicas: one.minReplicas, maxReplicas: one.maxReplicas, standby: one.standby }),
      };
    });
    for (const [i, batch] of (stage.batches ?? []).entries()) {
      const fits = variants.filter(
        ({ profile: points }) => (points[0]?.batch ?? 0) <= batch && batch <= (points.at(-1)?.batch ?? 0),
      );
      if (fits.length === 0)
        at(
          [...here, "batches", i],
          `no variant was profiled at batches around ${batch}. Choose one inside the profiled range.`,
        );
      const exact = fits.every(({ profile: points }) => points.some((point) => point.batch === batch));
      if (capacity === "measured" && !exact)
        at(
          [...here, "batches", i],
          `batch ${batch} was not measured, and reproduction.capacity is "measured". Remove it, or use "mean".`,
        );
    }
    const offered = variants.flatMap(({ profile: points }) => stage.batches ?? points.map((point) => point.batch));
    const most = whole.batch;
    if (!offered.some((batch) => batch <= most)) {
      at(
        ["limits"],
        `batch ${most} is below every batch of stage "${stage.name}". Raise it, or profile smaller batches.`,
      );
    }
    const { name, after = [], fanOut = 1, batches, pin, forbid } = stage;
    return {
      name,
      after,
      fanOut,
      variants,
      ...present({
        batches: batches && [...new Set(batches)].sort((a, b) => a - b),
        pin: pin && present(pin),
        forbid: forbid && present(forbid),
      }),
    };
  });
  if (adaptation.loadWindow !== undefined && seconds(adaptation.loadWindow) < 1) {
    at(["adaptation", "loadWindow"], "is below 1s, and load is counted by the second. Choose 1s or more.");
  }
  if (adaptation.loadWindow !== undefined && !Number.isInteger(seconds(adaptation.loadWindow))) {
    at(["adaptation", "loadWindow"], "is no whole number of seconds, and load is counted by the second. Round it.");
  }
  const timing = {
    interval: secondsOr(adaptation.interval, defaults.adaptation.interval),
    loadWindow: secondsOr(adaptation.loadWindow, defaults.adaptation.loadWindow),
    history: secondsOr(adaptation.history, defaults.adaptation.history),
    horizon: secondsOr(adaptation.horizon, defaults.adaptation.horizon),
  };
  const { loadWindow: window, history } = timing;
  if (history < window) {
    const key = adaptation.history === undefined ? "loadWindow" : "history";
    at(
      ["adaptation", key],
      `a predictor sees ${history} s of load, in windows of ${window} s. Let it see at least one.`,
    );
  }
  if (history > MOST_WINDOWS * window) {
    at(
      ["adaptation", adaptation.history === undefined ? "loadWindow" : "history"],
      `a predictor would see ${history} s of load, in windows of ${window} s. Let it see ${MOST_WINDOWS} of them at most.`,
    );
  }
  checkPins(spec, stages, at, atKey);
  checkControl(source.value, at);
  const objective = objectiveOf(spec.objective, at);
  complaints.throwIfAny();
  checkOffers({ stages, limits: whole }, atKey);
  checkStandby({ stages, limits: whole }, at);
  const ordered = topological(stages, (index, names) =>
    at(
      ["stages", index, "after"],
      `goes round in a circle: ${names.join(", ")} wait for each other. Let each stage follow earlier ones.`,
    ),
  );
  complaints.throwIfAny();
  const choices = countWays(ordered, whole);
  if (choices > MOST_WAYS) {
    at(
      ["limits"],
      `leave ${choices} ways to run the stages, and at most ${MOST_WAYS} can be looked at. Lower limits.replicas or limits.batch.`,
      "not_supported",
    );
  }
  const paths = countPaths(ordered);
  if (paths > MOST_PATHS) {
    at(
      ["stages"],
      `make ${paths} paths from the first to the last, and at most ${MOST_PATHS} can be planned. Join branches earlier.`,
      "not_supported",
    );
  }
  complaints.throwIfAny();

  return {
    name: metadata.name,
    stages: ordered,
    sla: { seconds: seconds(spec.sla.latency), quantile: spec.sla.quantile ?? defaults.quantile },
    objective,
    limits: whole,
    margins: filled(defaults.margins, margins),
    adaptation: filled(defaults.adaptation, { ...adaptation, ...timing, movement: buildMovement(adaptation.movement) }),
    rollout: {
      progressDeadline: spec.rollout?.progressDeadlineSeconds ?? defaults.rollout.progressDeadline,
      drain: spec.rollout?.drainSeconds ?? defaults.rollout.drain,
    },
    onInfeasible: spec.onInfeasible === undefined ? defaults.onInfeasible : ways[spec.onInfeasible],
    reproduction: filled(defaults.reproduction, reproduction),
    policies: policiesOf(spec),
  };
}

/** What `spec.onInfeasible` may say. */
const ways = { BestEffort: "best-effort", Hold: "hold" } as const;

/** What is given, and the defaults of what is not. */
function filled<T extends object>(otherwise: T, given: { readonly [K in keyof T]?: T[K] | undefined }): T {
  const whole = { ...otherwise };
  for (const key of Object.keys(otherwise) as (keyof T)[]) whole[key] = given[key] ?? otherwise[key];
  return whole;
}

function checkNames(names: readonly string[], path: (i: number) => YamlPath, at: At): void {
  names.forEach((name, i) => {
    if (names.indexOf(name) < i) at(path(i), `"${name}" is taken already. Give each its own name.`, "duplicate");
  });
}

function startUpOf(startUp: PipelineSpec["spec"]["startUp"], complain: (text: string) => void): StartUp {
  if (startUp === undefined) return { mean: 0 };
  const mean = seconds(startUp.mean);
  if (startUp.p90 === undefined) return { mean };
  const p90 = seconds(startUp.p90);
  // e^(z²/2) at the 90th percentile: no lognormal time has a greater ratio.
  if (p90 > 2.2 * mean)
    complain("p90 is more than 2.2 times the mean, which no lognormal time can be. Correct one of them.");
  return { mean, p90 };
}

function profileOf(
  file: ProfileFile | undefined,
  variant: string,
  coresPerReplica: number,
  complain: (key: string, text: string) => void,
): Variant["profile"] {
  const ofVariant = file?.entries.filter((entry) => entry.variant === variant) ?? [];
  const found = ofVariant.find((entry) => entry.cores === coresPerReplica);
  if (found !== undefined) return found.profile;
  if (ofVariant.length === 0) {
    const known = [...new Set(file?.entries.map((entry) => entry.variant))].join(", ");
    complain(
      "name",
      `${file?.path ?? "the profile"} has no variant "${variant}"; it has ${known}. Correct the name, or add its rows.`,
    );
  } else {
    const known = ofVariant.map((entry) => entry.cores).join(", ");
    complain(
      "cores",
      `${file?.path ?? "the profile"} has no rows of "${variant}" with ${coresPerReplica} cores, only with ${known}. Choose one of these, or add the rows.`,
    );
  }
  return [{ batch: 1, mean: 1, p99: 1 }];
}

/** Without the keys that are absent: the core's types know no undefined ones. */
function present<T extends object>(given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>;
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function policiesOf(spec: PipelineSpec["spec"]): Pipeline["policies"] {
  const byStage = (stages: Record<string, object>) => Object.entries(stages).map(([name, pins]) => [name, { ...pins }]);
  return Object.fromEntries(
    Object.entries(spec.policies ?? {}).map(([name, stages]) => [name, Object.fromEntries(byStage(stages))]),
  );
}

function objectiveOf(spec: PipelineSpec["spec"]["objective"], at: At): Objective {
  const { kind, alpha, beta, delta, accuracyFloor } = spec;
  // The schema takes only names of the table.
  const accuracy = (spec.accuracy ?? "pas") as AccuracyMetricName;
  const common = { accuracy, ...(accuracyFloor === undefined ? {} : { accuracyFloor }) };
  if (kind === "weighted") {
    if (alpha === undefined || beta === undefined) at(["objective"], "kind weighted needs alpha and beta. Add them.");
    return { kind, ...common, alpha: alpha ?? 0, beta: beta ?? 0, delta: delta ?? 0 };
  }
  for (const [key, value] of Object.entries({ alpha, beta, delta })) {
    if (value !== undefined) at(["objective", key], `belongs to kind weighted, and this is ${kind}. Remove it.`);
  }
  if (kind === "minCost" && accuracyFloor === undefined)
    at(["objective"], "kind minCost needs an accuracyFloor. Add it.");
  return { kind, ...common };
}

/** Stages in topological order; those that could be next go in file order. */
function topological(
  stages: readonly Stage[],
  circle: (index: number, names: readonly string[]) => void,
): readonly Stage[] {
  const ordered: Stage[] = [];
  while (ordered.length < stages.length) {
    const next = stages.find(
      (stage) => !ordered.includes(stage) && stage.after.every((name) => ordered.some((done) => done.name === name)),
    );
    if (next === undefined) {
      const left = stages.filter((stage) => !ordered.includes(stage));
      circle(
        stages.findIndex((stage) => left.includes(stage)),
        left.map(({ name }) => name),
      );
      return ordered;
    }
    ordered.push(next);
  }
  return ordered;
}

/** Variants, batches and numbers of replicas, each with each, of all stages together. */
function countWays(stages: readonly Stage[], { replicas, batch }: Pipeline["limits"]): number {
  return stages.reduce((sum, { variants, batches }) => {
    const settings = variants.flatMap(({ profile }) => batches ?? profile.map((point) => point.batch));
    return sum + settings.filter((one) => one <= batch).length * replicas;
  }, 0);
}
