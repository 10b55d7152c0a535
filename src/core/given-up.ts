import type { Observation } from "./cluster.ts";
import type { Decision } from "./decide.ts";

/** What is decided where no decision came in time: what is in force is held. */
export function givenUp({ now: at, running: plan, state }: Observation): Decision {
  return { at, load: null, planned: null, plan, change: 0, outcome: null, reason: "held-timeout", state };
}
