import type { Context } from "../../src/controller/context.ts";
import { reader } from "../../src/controller/known.ts";
import type { Memory } from "../../src/controller/memory.ts";
import { scales } from "../../src/controller/act/scales.ts";
import { setupsWith } from "../../src/controller/setups.ts";
import { good, type Standings } from "../../src/controller/tell/conditions.ts";
import { logTo } from "../../src/controller/tell/log.ts";
import { controllerMetrics } from "../../src/controller/tell/metrics.ts";
import { takeTurn } from "../../src/controller/turn.ts";
import { watchNamespace, type World } from "../../src/controller/world.ts";
import type { Kube } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/objects.ts";

const well = good("Applied");
/** Nothing is wrong. */
export const allWell: Standings = {
  TargetResolved: well,
  MetricsAvailable: well,
  ProfilesReady: well,
  Feasible: well,
  Applied: well,
};

/** What turns use of the outside, but for what a test gives. */
export function surroundingsOf({
  decide,
  ...given
}: Pick<Context, "decide"> & Partial<Context>): Omit<Context, "kube" | "scales"> {
  const clock = given.clock ?? (() => Date.now() / 1000);
  return {
    query: null,
    decide,
    journal: () => "0",
    metrics: controllerMetrics(),
    clock,
    maxMode: "Act",
    setupOf: setupsWith({ queueing: "tail", engine: "exact" }),
    log: logTo(() => {}, clock),
    record: async () => {},
    signal: new AbortController().signal,
    ...given,
  };
}

/** One turn of a pipeline of namespace "default" as an API server has it; `otherwise`: of its world. */
export async function turnOf(
  kube: Kube,
  pipeline: KubeObject,
  surroundings: Omit<Context, "kube" | "scales">,
  before: Memory | null,
  otherwise: Partial<World> = {},
): Promise<Memory> {
  const ending = new AbortController();
  const handlers = {
    pipelineChanged: () => {},
    failed: (_what: string, error: unknown) => surroundings.log.failed("", error),
  };
  try {
    const world = { ...watchNamespace(kube, "default", handlers, ending.signal), ...otherwise };
    await world.synced;
    const known = await reader().read(pipeline, world, () => true);
    return await takeTurn({ ...surroundings, kube, scales: scales(kube, surroundings.clock) }, world, known, before);
  } finally {
    ending.abort();
  }
}
