import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import type { Write } from "./audit.ts";

/** Numbers that only drift may be written once a minute. */
const DRIFT = 59;

/** Those of a controller's writes that said nothing new, in words. `began`: replicas of Deployments before the first. */
export function needless(writes: readonly Write[], began: Readonly<Record<string, number>>): readonly string[] {
  const said = new Map(
    Object.entries(began).map(([name, replicas]) => [`deployments/scale ${name}`, JSON.stringify({ replicas })]),
  );
  const at = new Map<string, number>();
  return writes.flatMap((write) => {
    const { resource, name, status } = write;
    const key = `${resource} ${name}`;
    if (status >= 300 || resource === "events") return [];
    const now = essenceOf(write);
    const isNew = said.get(key) !== now;
    const drifts = resource === "inferencepipelines/status" && write.at - (at.get(key) ?? 0) >= DRIFT;
    said.set(key, now);
    at.set(key, write.at);
    return isNew || drifts ? [] : [`${key} was written again as ${now}`];
  });
}

function essenceOf({ resource, body }: Write): string {
  if (resource !== "inferencepipelines/status") return JSON.stringify((body as { readonly spec?: unknown }).spec);
  const {
    plan,
    load: _load,
    loop: _loop,
    decision: _decision,
    rollouts,
    conditions,
    observedGeneration: _generation,
    ...rest
  } = (body as { readonly status: PipelineStatus }).status;
  return JSON.stringify([
    rest,
    plan?.stages.map(({ batchTimeoutSeconds: _follows, ...stage }) => stage),
    plan?.feasible,
    // That replicas are on their way, and that they no longer are, is told; how far they have come is not.
    (rollouts ?? []).map(({ stage, switching, progress, setbacks }) => [
      stage,
      switching?.phase,
      progress && [progress.variant, progress.replicas],
      setbacks,
    ]),
    conditions?.map(({ type, status, reason, observedGeneration }) => [type, status, reason, observedGeneration]),
  ]);
}
