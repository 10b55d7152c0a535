import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, Decide, Question } from "../controller/context.ts";
import type { FromWorker, ToWorker } from "./decide-worker.ts";

interface Pending {
  readonly question: Question;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: Answer | null) => void;
  readonly reject: (error: Error) => void;
}

export interface DecideThread {
  readonly decide: Decide;
  readonly end: () => Promise<void>;
}

/** Decisions leave little behind: more young memory than this is only held, and not used. */
const YOUNG_MB = 4;
/** A planner that was not asked for so long is forgotten; it is told again if it is asked after all. */
const IDLE_MS = 3_600_000;

/**
 * Decides in a thread of its own, one question after the other. One that takes longer than `timeout` seconds is given up, and so is the
 * thread that is lost in it; the others are asked again in a new one.
 */
export function decideThread(timeout: number): DecideThread {
  const pending = new Map<number, Pending>();
  let asked = 0;
  /** The planners that the thread has, by digest: when each was asked last, ms. */
  let told = new Map<string, number>();
  let worker = start();

  function start(): Worker {
    const thread = new Worker(new URL(`./decide-worker${extname(import.meta.url)}`, import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    thread.on("message", (message: FromWorker) => {
      const waiting = take(message.ask);
      if (waiting === undefined) return;
      if ("answer" in message) waiting.resolve(message.answer);
      else waiting.reject(new Error(message.fault));
    });
    thread.on("error", (error) => {
      if (thread !== worker) return;
      renew();
      for (const ask of pending.keys()) take(ask)?.reject(error instanceof Error ? error : new Error(String(error)));
    });
    thread.unref();
    return thread;
  }

  function renew(): void {
    void worker.terminate();
    told = new Map();
    worker = start();
  }

  function take(ask: number): Pending | undefined {
    const waiting = pending.get(ask);
    if (waiting !== undefined) clearTimeout(waiting.timer);
    pending.delete(ask);
    return waiting;
  }

  function send(ask: number, { digest, setup, seen, recall }: Question): void {
    const tell = (message: ToWorker): void => worker.postMessage(message);
    const now = performance.now();
    if (!told.has(digest)) {
      tell({ digest, setup });
      // Of pipelines that are gone or have changed.
      const idle = [...told].filter(([, at]) => now - at > IDLE_MS).map(([other]) => other);
      for (const forget of idle) {
        told.delete(forget);
        tell({ forget });
      }
    }
    told.set(digest, now);
    tell({ ask, digest, seen, recall });
  }

  function giveUp(ask: number): void {
    take(ask)?.resolve(null);
    renew();
    for (const [other, { question }] of pending) send(other, question);
  }

  return {
    decide: (question) =>
      new Promise((resolve, reject) => {
        const ask = asked++;
        const timer = setTimeout(() => giveUp(ask), timeout * 1000);
        pending.set(ask, { question, timer, resolve, reject });
        send(ask, question);
      }),
    end: async () => {
      await worker.terminate();
      for (const ask of pending.keys()) take(ask)?.resolve(null);
    },
  };
}
