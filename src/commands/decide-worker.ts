import { parentPort } from "node:worker_threads";
import { accuracyOf } from "../core/accuracy.ts";
import { assess } from "../core/assess.ts";
import type { Decision, Planner } from "../core/decide.ts";
import type { LoadSeries, Observation } from "../core/cluster.ts";
import type { Setup } from "../core/setup.ts";
import { corrected, tick } from "../core/loop.ts";
import { planVariants } from "../core/plan.ts";
import { recalled } from "../core/recall.ts";
import { restrict } from "../core/restrict.ts";
import type { Answer } from "../controller/context.ts";
import { learntBy } from "../formats/files.ts";
import { assemble } from "../study/setup.ts";

// A thread that decides: it is given planners by their digests, then one observation after the other.

/** What the thread is told. A planner comes before the first question to it. */
export type ToWorker =
  | { readonly digest: string; readonly setup: Setup }
  | { readonly ask: number; readonly digest: string; readonly seen: Observation; readonly recall: LoadSeries | null }
  | { readonly forget: string };

/** What it says: first that it can be asked. */
export type FromWorker =
  | { readonly ready: true }
  | { readonly ask: number; readonly answer: Answer }
  | { readonly ask: number; readonly fault: string };

const planners = new Map<string, Promise<Planner>>();

parentPort?.on("message", (message: ToWorker) => {
  if ("setup" in message) planners.set(message.digest, make(message.setup));
  else if ("forget" in message) planners.delete(message.forget);
  else {
    const { ask } = message;
    answer(message).then(
      (made) => parentPort?.postMessage({ ask, answer: made } satisfies FromWorker),
      (error: unknown) => {
        const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
        parentPort?.postMessage({ ask, fault } satisfies FromWorker);
      },
    );
  }
});

parentPort?.postMessage({ ready: true } satisfies FromWorker);

async function make(setup: Setup): Promise<Planner> {
  return assemble(setup, await learntBy(setup.predictor));
}

async function answer({ digest, seen, recall }: Extract<ToWorker, { ask: number }>): Promise<Answer> {
  const planner = await planners.get(digest);
  if (planner === undefined) throw new RangeError(`planner ${digest} was never told`);
  const from = performance.now();
  const known = recall === null ? seen : remembering(planner, seen, recall);
  const decision = tick(planner, known);
  const seconds = (performance.now() - from) / 1000;
  return {
    seen: known,
    decision,
    promised: promiseOf(corrected(planner, decision.state?.slowdowns, decision.at), known, decision),
    seconds,
  };
}

/** An observation whose memory of loads that were asked for is made anew from those that were measured. */
function remembering(planner: Planner, seen: Observation, load: LoadSeries): Observation {
  const { state } = seen;
  const planning = state?.planning;
  if (planning === undefined) return seen;
  const asked = recalled(planner, load, seen.now, planning.load);
  if (asked.length === 0) return seen;
  return { ...seen, state: { ...state, planning: { ...planning, asked } } };
}

/** What cannot run costs nothing, either. */
function promiseOf(planner: Planner, seen: Observation, { plan, planned }: Decision): Answer["promised"] {
  if (planned === null || plan.length === 0) return null;
  const pipeline = restrict(planner.pipeline, seen.restrictions ?? []);
  const { cores, latency, objective } = assess({ ...planner, pipeline }, planned, plan);
  return { accuracy: accuracyOf("pas", pipeline.stages, planVariants(pipeline, plan)), cores, latency, objective };
}
