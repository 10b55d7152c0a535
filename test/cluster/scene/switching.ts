import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import { until } from "../control-plane/until.ts";
import type { Write } from "./audit.ts";
import { deploymentObject, pipelineObject } from "./objects.ts";
import { readyBefore } from "./routes.ts";
import { scaleWrites } from "./scale-writes.ts";
import type { Scene } from "./scene.ts";

// One switch of a variant by a Service, with all that a controller does for it: two targets are taken over, one goes up, the
// requests go over, one goes down. Whatever happens meanwhile, it ends in the same state.

/** Seconds until a pod of the new variant is Ready. */
const START = 0.4;
/** And until a controller has heard that one is ready no more. */
const HEARD_WITHIN = 0.3;

export interface SwitchingOptions {
  /** The pipeline whose requests count. */
  readonly load?: string;
  /** Of the pods of the new variant. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** More of the spec of all pods. */
  readonly pod?: object;
  /** Merged into the pipeline's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A stage whose variant is switched as soon as its pipeline is there: from two replicas of `small` to as many of `large`, of two cores. */
export async function applySwitching(
  scene: Scene,
  name: string,
  { load = "all", pod = {}, spec: more = {}, ...of }: SwitchingOptions = {},
): Promise<void> {
  const annotations = { "test.ipa/start-seconds": String(START), ...of.annotations };
  await scene.plane.apply(
    deploymentObject(`${name}-small`, { replicas: 2, pod }),
    deploymentObject(`${name}-large`, { replicas: 0, cpu: "2", annotations, pod }),
  );
  await scene.plane.kubectl("wait", "--for=condition=Available", `deployment/${name}-small`, "--timeout=30s");
  const { spec, ...object } = pipelineObject({ name, dataPlane: "Service" });
  await scene.plane.apply({
    ...object,
    spec: {
      ...spec,
      objective: { kind: "weighted", alpha: 1000, beta: 1 },
      load: { prometheus: { selector: `requests_total{pipeline="${load}"}` } },
      rollout: { progressDeadlineSeconds: 60, drainSeconds: 1 },
      stages: spec.stages.slice(0, 1),
      ...more,
    },
  });
}

const wanted = {
  small: 0,
  large: "as planned",
  serves: "-large",
  taken: [
    ["-large", 0, true],
    ["-small", 2, true],
  ],
  pinned: 0,
  rollouts: 0,
  planned: "large",
  applied: "True",
};

async function seen(scene: Scene, name: string): Promise<unknown> {
  const [pipeline, small, large, service] = (await Promise.all([
    scene.read("InferencePipeline", name),
    scene.read("Deployment", `${name}-small`),
    scene.read("Deployment", `${name}-large`),
    scene.read("Service", `${name}-detect`),
  ])) as unknown as readonly Found[];
  const { takenOver = [], heldTargets = [], rollouts = [], plan, conditions = [] } = pipeline?.status ?? {};
  const [planned] = plan?.stages ?? [];
  return {
    small: small?.spec.replicas,
    large: large?.spec.replicas === planned?.replicas ? "as planned" : large?.spec.replicas,
    serves: service?.spec.selector.app.replace(name, ""),
    taken: takenOver.map((one) => [one.name.replace(name, ""), one.replicas, one.confirmed]),
    pinned: heldTargets.length,
    rollouts: rollouts.length,
    planned: planned?.variant,
    applied: conditions.find(({ type }) => type === "Applied")?.status,
  };
}
/** Waits for the end of the switch, which is the same whatever happened. Never fewer than `fewest` replicas served, nor fewer ready ones by any write. */
export async function endsAsUndisturbed(scene: Scene, name: string, fewest = 2): Promise<void> {
  let last: unknown;
  const isDone = async (): Promise<boolean> => {
    last = await seen(scene, name);
    return isDeepStrictEqual(last, wanted);
  };
  await until(`the end of the switch of ${name}`, isDone).catch((error: unknown) => {
    assert.deepEqual(last, wanted, name);
    throw error;
  });
  neverBrokeBeforeMade(scene, name, fewest);
}

/** By every write, not the end alone. */
function neverBrokeBeforeMade(scene: Scene, name: string, fewest: number): void {
  const all = scene.writes();
  const writes = scene.ownWrites().filter((write) => write.name.startsWith(`${name}-`) && write.status < 300);
  const replicas = new Map([
    [`${name}-small`, 2],
    [`${name}-large`, 0],
  ]);
  let serving = `${name}-small`;
  for (const write of writes) {
    const [scaled] = scaleWrites([write]);
    const isLess = scaled !== undefined && scaled.replicas < (replicas.get(scaled.name) ?? 0);
    if (scaled !== undefined) replicas.set(scaled.name, scaled.replicas);
    if (write.resource === "services") serving = selected(write);
    assert.ok(
      (replicas.get(serving) ?? 0) >= fewest,
      `${name}: ${serving} serves with ${replicas.get(serving)} replicas`,
    );
    if (write.resource !== "services" && !isLess) continue;
    // What has just happened is not known yet.
    const ready = Math.max(...[0, HEARD_WITHIN].map((ago) => readyBefore(all, serving, write.at - ago)));
    const what = isLess ? `${scaled.name} goes down to ${scaled.replicas}` : "the requests are sent there";
    assert.ok(ready >= fewest, `${name}: ${ready} Pods of ${serving} are ready when ${what}`);
  }
  const forced = scaleWrites(writes).filter((one) => one.forced);
  assert.deepEqual(
    forced.map((one) => one.name.replace(name, "")),
    ["-large", "-small"],
    `${name}: each target is taken by force once`,
  );
}

/** What matters of any object. */
interface Found {
  readonly spec: { readonly replicas: number; readonly selector: { readonly app: string } };
  readonly status: PipelineStatus;
}

function selected({ body }: Write): string {
  return (body as Found).spec.selector.app;
}
