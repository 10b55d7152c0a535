import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../kube/objects.ts";
import type { Context } from "./context.ts";
import { gate } from "./gate.ts";
import { reader, type Known } from "./known.ts";
import type { Memory } from "./memory.ts";
import { UnreportedError } from "./tell/report.ts";
import { nextDue } from "./schedule.ts";
import { takeTurn } from "./turn.ts";
import type { World } from "./world.ts";

/** Turns of all pipelines, each when it is due. */
export interface Rounds {
  /** A pipeline came, changed, or is gone. What it says is heeded at once. */
  readonly changed: (world: World, object: KubeObject, isGone: boolean) => void;
  /** No turn begins any more; resolves when those that have begun are over, or are given up. */
  readonly stop: () => Promise<void>;
}

interface Course {
  readonly world: World;
  object: KubeObject;
  memory: Memory | null;
  timer: NodeJS.Timeout | null;
  turn: Promise<void> | null;
  /** Whether something else was asked for since the turn began. */
  isOutdated: boolean;
  /** Seconds between two turns. */
  interval: number;
}

/** How often a pipeline is looked at that cannot be understood, seconds. */
const UNREADABLE_EVERY = 10;
/** And one that is being deleted, and waits for that. */
const ENDING_EVERY = 1;
/**
 * A first turn reads all that there is of a pipeline. If all were begun at once, each would last until the calls of all were made, and
 * decide on what was long ago.
 */
const FIRST_TURNS = 10;
/** How long turns that have begun may go on when no more begin, ms. Who leads next ends what they did not. */
const STOP_WITHIN = 10_000;

/** `term` ends with the leadership: what was begun then holds no more, and that it was broken off is no failure. */
export function rounds(context: Context, term: AbortSignal, failed: (what: string, error: unknown) => void): Rounds {
  const courses = new Map<string, Course>();
  const { read, forget } = reader();
  const firstTurns = gate(FIRST_TURNS);
  let stopped = false;

  const begin = (key: string, course: Course, due: number): void => {
    course.timer = null;
    if (stopped || courses.get(key) !== course) return;
    if (course.turn !== null) {
      context.metrics.missed.inc(labelsOf(course.object));
      schedule(key, course);
      return;
    }
    const turn = (): Promise<void> => turnOf(key, course, due);
    course.turn = (course.memory === null ? firstTurns(turn) : turn()).finally(() => {
      course.turn = null;
      if (course.isOutdated) beginNow(key, course);
    });
  };

  const beginNow = (key: string, course: Course): void => {
    if (course.timer !== null) clearTimeout(course.timer);
    begin(key, course, context.clock());
  };

  const turnOf = async (key: string, course: Course, due: number): Promise<void> => {
    if (stopped || courses.get(key) !== course) return;
    context.metrics.delay.observe(Math.max(0, context.clock() - due));
    course.isOutdated = false;
    try {
      const holds = (): boolean => !term.aborted && !course.isOutdated && courses.get(key) === course;
      const known = await read(course.object, course.world, holds);
      course.interval = intervalOf(known);
      schedule(key, course);
      course.memory = await takeTurn(context, course.world, known, course.memory);
    } catch (error) {
      if (error instanceof UnreportedError) course.memory = error.memory;
      if (!term.aborted) failed(key, error);
    } finally {
      if (course.timer === null) schedule(key, course);
    }
  };

  const schedule = (key: string, course: Course): void => {
    if (stopped || courses.get(key) !== course) return;
    if (course.timer !== null) clearTimeout(course.timer);
    const now = context.clock();
    const due = nextDue(key, course.interval, now);
    course.timer = setTimeout(() => begin(key, course, due), Math.max(0, due - now) * 1000);
  };

  const end = (key: string): void => {
    const timer = courses.get(key)?.timer;
    if (timer !== undefined && timer !== null) clearTimeout(timer);
    courses.delete(key);
  };

  return {
    changed: (world, object, isGone) => {
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      const course = courses.get(key);
      if (isGone) {
        end(key);
        // A turn that still goes on has its say before.
        void Promise.resolve(course?.turn).then(() => {
          forget(object);
          if (courses.has(key) || term.aborted) return;
          context.log.forget(key);
          void context.metrics.forget(labelsOf(object));
        });
      } else if (course === undefined || course.object.metadata.uid !== object.metadata.uid) {
        if (course !== undefined) void Promise.resolve(course.turn).then(() => forget(course.object));
        end(key);
        const fresh = {
          world,
          object,
          memory: null,
          timer: null,
          turn: null,
          isOutdated: false,
          interval: UNREADABLE_EVERY,
        };
        courses.set(key, fresh);
        begin(key, fresh, context.clock());
      } else {
        const isNews = !isDeepStrictEqual(asked(course.object), asked(object));
        course.object = object;
        if (isNews && course.turn === null) beginNow(key, course);
        else course.isOutdated ||= isNews;
      }
    },
    stop: async () => {
      stopped = true;
      const ended = [...courses.values()];
      const turns = ended.flatMap(({ turn, timer }) => {
        if (timer !== null) clearTimeout(timer);
        return turn ?? [];
      });
      const late = new AbortController();
      const limit = pause(STOP_WITHIN, undefined, { signal: late.signal }).catch(() => {});
      await Promise.race([Promise.all(turns), limit]);
      late.abort();
      // What pipelines are there when it leads again nobody knows.
      for (const { object } of ended) forget(object);
    },
  };
}

function intervalOf({ ending, built }: Known): number {
  if (ending) return ENDING_EVERY;
  return "pipeline" in built ? built.pipeline.adaptation.interval : UNREADABLE_EVERY;
}

/** What people ask of a pipeline: all but what the controller writes. */
function asked({ metadata: { generation, annotations, deletionTimestamp } }: KubeObject): unknown {
  return { generation, annotations, deletionTimestamp };
}

function labelsOf({ metadata: { namespace = "", name } }: KubeObject) {
  return { namespace, pipeline: name };
}
