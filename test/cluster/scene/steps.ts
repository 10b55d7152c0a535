import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import { until } from "../control-plane/until.ts";
import { deploymentsOf, pipelineObject, type PipelineOptions } from "./objects.ts";
import { scaleWrites } from "./scale-writes.ts";
import type { Scene } from "./scene.ts";
import type { Traffic } from "./traffic.ts";

/** What scenarios do, and wait for, again and again. */
export interface Steps {
  /** Applies a pipeline, whose requests come at a rate, and its Deployments. */
  readonly begin: (
    options: PipelineOptions & { readonly name: string },
    rate: number,
    deployments?: readonly object[],
  ) => Promise<Traffic>;
  /** Merges something into the spec of a pipeline. */
  readonly patch: (pipeline: string, spec: object) => Promise<void>;
  /** Waits until a condition of a pipeline has a status and a reason: "False TargetPinned". */
  readonly condition: (pipeline: string, type: string, wanted: string) => Promise<void>;
  /** The last number of replicas that a Deployment was given. */
  readonly lastNumber: (deployment: string) => number | undefined;
  /** Waits until that is what is wanted. */
  readonly reach: (deployment: string, replicas: number) => Promise<void>;
  /** What runs by the plan in force, by stage: "small×4". */
  readonly planned: (pipeline: string) => Promise<readonly string[]>;
}

/** Of a scene that is open by the time of the first step. */
export function stepsOf(scene: () => Scene): Steps {
  const lastNumber = (deployment: string): number | undefined =>
    scaleWrites(scene().ownWrites(), deployment).findLast(({ status }) => status === 200)?.replicas;
  return {
    begin: async (options, rate, deployments = deploymentsOf(options.name)) => {
      await scene().plane.apply(...deployments);
      const traffic = scene().traffic(options.name);
      traffic.at(rate);
      await scene().plane.apply(pipelineObject(options));
      return traffic;
    },
    patch: async (pipeline, spec) => {
      await scene().plane.kubectl("patch", "ipl", pipeline, "--type=merge", "--patch", JSON.stringify({ spec }));
    },
    condition: async (pipeline, type, wanted) => {
      const isSo = async (): Promise<boolean> => (await scene().condition(type, pipeline)) === wanted;
      await until(`${type} ${wanted} of ${pipeline}`, isSo);
    },
    lastNumber,
    reach: async (deployment, replicas) => {
      await until(`${deployment} to be given ${replicas}`, () => lastNumber(deployment) === replicas);
    },
    planned: async (pipeline) => {
      const { plan }: PipelineStatus = await scene().status(pipeline);
      return plan?.stages.map(({ variant, replicas }) => `${variant}×${replicas}`) ?? [];
    },
  };
}
