import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, Decide, Question } from "../controller/context.ts";
import { givenUp } from "../core/given-up.ts";
import type { FromWorker, ToWorker } from "./decide-worker.ts";
import { longestWait, patience } from "./patience.ts";

interface Pending {
  readonly question: Question;
  /** When it was asked, seconds. */
  readonly since: number;
  /** Gives it up. */
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A question that the thread is at. */
interface Asked extends Pending {
  readonly ask: number;
}

export interface DecideThread {
  readonly decide: Decide;
  readonly end: () => Promise<void>;
}

/** Decisions leave little behind: more young memory than this is only held, and not used. */
const YOUNG_MB = 4;
/** A planner that was not asked for so many seconds is forgotten; it is told again if it is asked after all. */
const IDLE = 3600;

/**
 * Decides in a thread of its own, one question after the other. One that takes longer than `timeout` seconds is given up, and so is the
 * thread that is lost in it; the others are asked in a new one. Neither waiting for others nor for the thread to begin counts: on a
 * busy machine that takes seconds, and to give the thread up for that would be to begin for ever. Who waits for more than a turn is
 * answered without it, and a planner in which thread after thread is lost is asked ever more rarely.
 */
export function decideThread(timeout: number, idleSeconds = IDLE): DecideThread {
  /** In the order in which they came. */
  const waiting = new Set<Pending>();
  const { mayAsk, lost, inTime } = patience(timeout, idleSeconds);
  let at: Asked | null = null;
  let asked = 0;
  /** `told`: the planners that it has, by digest, and when each was asked last, seconds. */
  let thread: { readonly worker: Worker; isReady: boolean; readonly told: Map<string, number> } | null = null;
  renew();

  function renew(): void {
    void thread?.worker.terminate();
    const worker = new Worker(new URL(`./decide-worker${extname(import.meta.url)}`, import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const begun = { worker, isReady: false, told: new Map<string, number>() };
    thread = begun;
    worker.on("message", (message: FromWorker) => {
      if (thread === begun) heed(message);
    });
    worker.on("error", (error) => {
      if (thread === begun) fail(error instanceof Error ? error : new Error(String(error)));
    });
    if (waiting.size === 0) worker.unref();
  }

  function heed(message: FromWorker): void {
    if ("ready" in message) {
      if (thread !== null) thread.isReady = true;
    } else if (message.ask === at?.ask) {
      const answered = leave();
      if (answered !== null) inTime(answered.question.digest);
      if ("answer" in message) answered?.resolve(message.answer);
      else answered?.reject(new Error(message.fault));
    }
    next();
  }

  /** Of a thread that cannot even begin nobody waits for more; the next question begins another. */
  function fail(error: Error): void {
    const begins = thread?.isReady === false;
    thread = null;
    const left = leave();
    if (left !== null) lost(left.question.digest, seconds());
    left?.reject(error);
    if (begins) for (const one of waiting) take(one).reject(error);
    if (waiting.size > 0) renew();
  }

  function leave(): Asked | null {
    const left = at;
    if (left !== null) clearTimeout(left.timer);
    at = null;
    return left;
  }

  /** Out of those that wait. */
  function take(one: Pending): Pending {
    clearTimeout(one.timer);
    waiting.delete(one);
    return one;
  }

  function next(): void {
    if (thread === null || !thread.isReady || at !== null) return;
    const { worker, told } = thread;
    const [one] = waiting;
    // It keeps the process alive only while something is asked of it.
    if (one === undefined) return worker.unref();
    const { digest, setup, seen, recall } = one.question;
    const ask = asked++;
    const timer = setTimeout(() => {
      lost(digest, seconds());
      giveUp(leave());
      renew();
    }, timeout * 1000);
    at = { ...take(one), ask, timer };
    const tell = (message: ToWorker): void => worker.postMessage(message);
    const now = seconds();
    if (!told.has(digest)) {
      tell({ digest, setup });
      // Of pipelines that are gone or have changed.
      const idle = [...told].filter(([, since]) => now - since > idleSeconds).map(([other]) => other);
      for (const forget of idle) {
        told.delete(forget);
        tell({ forget });
      }
    }
    told.set(digest, now);
    tell({ ask, digest, seen, recall });
  }

  return {
    decide: (question) =>
      new Promise((resolve, reject) => {
        const since = seconds();
        if (!mayAsk(question.digest, since)) return resolve(held(question, 0));
        const wait = longestWait(timeout, question.setup.pipeline.adaptation.interval);
        const timer = setTimeout(() => giveUp(take(one)), wait * 1000);
        const one = { question, since, timer, resolve, reject };
        waiting.add(one);
        if (thread === null) renew();
        thread?.worker.ref();
        next();
      }),
    end: async () => {
      const ended = thread;
      thread = null;
      giveUp(leave());
      for (const one of waiting) giveUp(take(one));
      await ended?.worker.terminate();
    },
  };
}

function giveUp(one: Pending | null): void {
  one?.resolve(held(one.question, seconds() - one.since));
}

function held({ seen }: Question, after: number): Answer {
  return { seen, decision: givenUp(seen), promised: null, seconds: after };
}

function seconds(): number {
  return performance.now() / 1000;
}
