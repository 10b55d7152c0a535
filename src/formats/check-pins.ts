import type { InputErrorCode } from "../core/errors.ts";
import { allowedOf } from "../core/pins.ts";
import { defaults, ROW_TOLERANCE, type Pins, type Pipeline, type Stage } from "../core/pipeline.ts";
import { policiesByUtilization, policyKinds } from "../core/policies.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import type { YamlPath } from "./yaml.ts";

/** Says what is wrong at a place of the file. */
export type At = (path: YamlPath, text: string, code?: InputErrorCode) => void;

type Given = { readonly [K in keyof Pins]?: Pins[K] | undefined };

/** Names, batches and numbers of replicas that are pinned, forbidden or bounded, each by itself. */
export function checkPins(spec: PipelineSpec["spec"], stages: readonly Stage[], at: At, atKey: At): void {
  const most = spec.limits?.replicas ?? defaults.limits.replicas;
  const check = (path: YamlPath, pins: Given, stage: Stage | undefined): void => {
    if (pins.replicas !== undefined && pins.replicas > most) {
      at([...path, "replicas"], `is above limits.replicas, ${most}. Lower it, or raise the limit.`);
    }
    if (stage === undefined) return;
    const offered = stage.variants.flatMap(({ profile }) => stage.batches ?? profile.map((point) => point.batch));
    for (const [i, batch] of (pins.batches ?? []).entries()) {
      if (offered.includes(batch)) continue;
      const known = [...new Set(offered)].join(", ");
      at([...path, "batches", i], `stage "${stage.name}" offers no batch of ${batch}, only ${known}. Correct it.`);
    }
    const variants = stage.variants.map((one) => one.name);
    for (const [i, variant] of (pins.variants ?? []).entries()) {
      if (variants.includes(variant)) continue;
      at(
        [...path, "variants", i],
        `stage "${stage.name}" has no variant "${variant}"; it has ${variants.join(", ")}. Correct the name.`,
        "unknown_name",
      );
    }
  };

  spec.stages.forEach(({ pin, forbid, variants }, s) => {
    if (pin !== undefined) check(["stages", s, "pin"], pin, stages[s]);
    if (forbid !== undefined) check(["stages", s, "forbid"], forbid, stages[s]);
    for (const [v, { minReplicas = 1, maxReplicas = most, standby = 0 }] of variants.entries()) {
      const path: YamlPath = ["stages", s, "variants", v];
      const above = `is above limits.replicas, ${most}. Lower it, or raise the limit.`;
      if (maxReplicas > most) at([...path, "maxReplicas"], above);
      if (minReplicas > most) at([...path, "minReplicas"], above);
      else if (minReplicas > maxReplicas) {
        at([...path, "minReplicas"], `is above maxReplicas, ${maxReplicas}. Lower it, or raise maxReplicas.`);
      }
      if (standby > most) at([...path, "standby"], above);
      else if (standby > maxReplicas) {
        at([...path, "standby"], `is above maxReplicas, ${maxReplicas}. Lower it, or raise maxReplicas.`);
      }
    }
  });
  const byUtilization = policiesByUtilization();
  for (const [policy, byStage] of Object.entries(spec.policies ?? {})) {
    if (!Object.hasOwn(policyKinds, policy))
      atKey(
        ["policies", policy],
        `there is no policy "${policy}"; known are ${Object.keys(policyKinds).join(", ")}. Correct the name.`,
        "unknown_name",
      );
    for (const [name, pins] of Object.entries(byStage)) {
      const stage = stages.find((one) => one.name === name);
      check(["policies", policy, name], pins, stage);
      if (pins.utilization !== undefined && !byUtilization.includes(policy)) {
        at(
          ["policies", policy, name, "utilization"],
          `policy ${policy} does not look at utilisation, only ${byUtilization.join(", ")} does. Remove it.`,
        );
      }
      if (stage === undefined)
        atKey(
          ["policies", policy, name],
          `there is no stage "${name}"; stages are ${spec.stages.map((one) => one.name).join(", ")}. Correct the name.`,
          "unknown_name",
        );
    }
  }
}

/** Whether all of them together, with the limits, leave every stage something to run. Stages in file order. What policies add is seen where one is used. */
export function checkOffers({ stages, limits }: Pick<Pipeline, "stages" | "limits">, atKey: At): void {
  stages.forEach((stage, s) => {
    if (allowedOf(limits, stage, undefined).length > 0) return;
    atKey(
      ["stages", s, stage.pin === undefined ? "forbid" : "pin"],
      `nothing is left for stage "${stage.name}" to run: of what pin allows, all is kept away by forbid, the variants' minReplicas and maxReplicas, or limits. ` +
        `Pin or forbid less.`,
    );
  });
}

/** Whether what stands by may ever run, whatever the policy, and fits the budget. Stages in file order. */
export function checkStandby({ stages, limits }: Pick<Pipeline, "stages" | "limits">, at: At): void {
  let all = 0;
  for (const [s, stage] of stages.entries()) {
    const may = new Set(allowedOf(limits, stage, undefined).map(({ variant }) => variant));
    for (const [v, variant] of stage.variants.entries()) {
      const { name, standby = 0, coresPerReplica } = variant;
      all += standby * coresPerReplica;
      // Where nothing may run, that is what is wrong.
      if (standby === 0 || may.size === 0 || may.has(variant)) continue;
      const why = stage.forbid?.variants?.includes(name)
        ? "forbid.variants has it"
        : stage.pin?.variants?.includes(name) === false
          ? "pin.variants has it not"
          : "pin, forbid, minReplicas, maxReplicas or limits leave it no batch and number of replicas";
      at(
        ["stages", s, "variants", v, "standby"],
        `stage "${stage.name}" never runs ${name}, as ${why}. Let the variant run, or remove its standby.`,
      );
    }
  }
  if (limits.cores !== undefined && all > limits.cores + ROW_TOLERANCE) {
    const needed = Number(all.toPrecision(12));
    at(
      ["limits", "cores"],
      `is ${limits.cores}, and the replicas that stand by hold ${needed} alone. Raise it, or let fewer stand by.`,
    );
  }
}
