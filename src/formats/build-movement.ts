import { defaults, type Movement, type StepLimit } from "../core/pipeline.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import { secondsOr } from "./quantity.ts";

type MovementSpec = NonNullable<NonNullable<PipelineSpec["spec"]["adaptation"]>["movement"]>;

/** What a file says of movement, with the defaults of what it leaves out. */
export function buildMovement({ scaleUp, scaleDown, cost, ...given }: MovementSpec = {}): Movement {
  const otherwise = defaults.adaptation.movement;
  return {
    stabilization: secondsOr(given.stabilization, otherwise.stabilization),
    tolerance: given.tolerance ?? otherwise.tolerance,
    ...(scaleUp === undefined ? {} : { scaleUp: stepOf(scaleUp) }),
    ...(scaleDown === undefined ? {} : { scaleDown: stepOf(scaleDown) }),
    switchInterval: secondsOr(given.switchInterval, otherwise.switchInterval),
    cost: { start: cost?.start ?? otherwise.cost.start, switch: cost?.switch ?? otherwise.cost.switch },
  };
}

function stepOf({ replicas = 0, share = 0 }: NonNullable<MovementSpec["scaleUp"]>): StepLimit {
  return { replicas, share };
}
