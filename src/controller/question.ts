import type { LoadSeries } from "../core/cluster.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { plannerDigest } from "../formats/decision-journal.ts";
import type { Answer, Context, Question } from "./context.ts";

/** What is to be decided of what was seen. */
export function questionOf(
  context: Context,
  pipeline: Pipeline,
  seen: Question["seen"],
  recall: LoadSeries | null,
): Question {
  const { queueing, engine } = context;
  const setup = { pipeline, policy: "ipa", predictor: pipeline.adaptation.predictor, queueing, engine };
  return { setup, digest: plannerDigest(setup), seen, recall };
}

/** No answer in time: what is in force is held. */
export function tooLate({ seen }: Question): Answer {
  const { now: at, running: plan, state } = seen;
  return {
    seen,
    decision: { at, load: null, planned: null, plan, change: 0, outcome: null, reason: "held-timeout", state },
    promised: null,
    seconds: 0,
  };
}
