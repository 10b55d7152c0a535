import type { Observation } from "./cluster.ts";
import { carriedBy, enoughReady } from "./enough.ts";
import type { Pipeline, Stage } from "./pipeline.ts";
import type { Plan, StagePlan } from "./plan.ts";
import { mayRun } from "./restrict.ts";
import { judge, lasting, progressOf, withSetback, type Progress, type Setback } from "./setback.ts";
import { carriesOn, countOf, isRouted, switchOf, type Sight, type Switch } from "./switch.ts";

/** What is remembered of how a stage's plan is carried out. */
export interface StageRollout {
  readonly switching?: Switch;
  /** How far the replicas wanted have come: since when nothing has moved. */
  readonly progress?: Progress;
  /** Variants that did not get up. */
  readonly setbacks: readonly Setback[];
}

/** By stage; those of which there is something to remember. */
export type Rollouts = Readonly<Record<string, StageRollout>>;

/** What to have of each variant of a stage now, and which takes the requests. */
export interface Targets {
  readonly serving: string;
  /** Of every variant, in file order; 0: it goes. */
  readonly targets: readonly { readonly variant: string; readonly replicas: number }[];
}

/** Carries a stage's plan out: until a switch is ready the old variant serves alone, and until it is over its replicas stay. */
export function rollOut(stage: Stage, plan: StagePlan, rollout: StageRollout | undefined): Targets {
  const switching = rollout?.switching;
  const wanted = (variant: string): number => {
    if (variant === plan.variant) return plan.replicas;
    return variant === switching?.from.variant ? switching.from.replicas : 0;
  };
  return {
    serving: switching !== undefined && isLeftToOld(switching) ? switching.from.variant : plan.variant,
    targets: stage.variants.map(({ name, standby = 0 }) => ({
      variant: name,
      replicas: Math.max(standby, wanted(name)),
    })),
  };
}

/** Which variant is to take a stage's requests by what is seen now, of a plan that was decided on by what was seen before. */
export function servesNow(
  pipeline: Pipeline,
  stage: Stage,
  seen: Observation,
  plan: StagePlan,
  rollout: StageRollout | undefined,
  load: number | null,
): string {
  const sight = sightOf(pipeline, stage, seen, load, plan, rollout?.progress);
  if (sight === null) return rollOut(stage, plan, rollout).serving;
  return rollOut(stage, plan, rolloutOf(switchOf(plan, rollout?.switching, sight), undefined, [])).serving;
}

/** Whether the old variant is to serve. */
function isLeftToOld({ phase }: Switch): boolean {
  return phase === "Preparing" || phase === "Returning";
}

/** How far a plan has come. */
export interface Standing {
  /** The plan in force, without the switches that are rolled back. */
  readonly running: Plan;
  readonly rollouts: Rollouts;
  /** Whether something is given up now. */
  readonly gaveUp: boolean;
}

/** What has become of the plan in force since the last decision. `load`: the newest, requests per second; null if it is not known. */
export function follow(pipeline: Pipeline, seen: Observation, load: number | null): Standing {
  const before = seen.state?.rollouts ?? {};
  let [gaveUp, isRolledBack] = [false, false];
  const running: StagePlan[] = [];
  const rollouts = byStage(pipeline, (stage, s) => {
    const plan = seen.running[s];
    const known = before[stage.name] ?? NOTHING;
    // Nothing is in force yet: nothing has come anywhere.
    if (plan === undefined) return { setbacks: lasting(known.setbacks, seen.now) };
    running[s] = plan;
    const sight = sightOf(pipeline, stage, seen, load, plan, known.progress);
    if (sight === null) return { ...known, setbacks: lasting(known.setbacks, seen.now) };
    const switching = switchOf(plan, known.switching, sight);
    const { progressDeadline } = pipeline.rollout;
    const { progress, setbacks, failed } = judge(plan, known, sight.counts, {
      now: seen.now,
      deadline: progressDeadline,
      phase: switching?.phase,
    });
    // First the requests go back to the old variant, which stays until they have.
    const isInUse = switching?.phase === "Returning" && countOf(sight.counts, plan.variant).serving > 0;
    if (switching !== undefined && hasFailed(plan, known.switching, switching, sight, progressDeadline)) {
      isRolledBack = gaveUp = true;
      running[s] = switching.from;
      return { setbacks: withSetback(setbacks, plan.variant, 0, seen.now) };
    }
    gaveUp ||= failed;
    // What the world no longer leaves is nobody's failure.
    const leaves = (seen.restrictions ?? []).every((one) => one.stage !== stage.name || mayRun(one, plan.variant));
    const isBarred = failed && setbacks.some(({ variant, most }) => variant === plan.variant && most === 0);
    if (switching !== undefined && !isInUse && (!leaves || isBarred)) {
      isRolledBack = gaveUp = true;
      running[s] = switching.from;
      return { setbacks };
    }
    return rolloutOf(switching, progress, setbacks);
  });
  return { running: isRolledBack ? running : seen.running, rollouts, gaveUp };
}

/** The same with the switches given up whose new variant does not serve yet, though nobody failed; null if there are none. */
export function rolledBack(pipeline: Pipeline, { running, rollouts }: Standing): Standing | null {
  const back = (stage: string): StagePlan | undefined => {
    const switching = rollouts[stage]?.switching;
    return switching === undefined || isRouted(switching) ? undefined : switching.from;
  };
  if (running.every(({ stage }) => back(stage) === undefined)) return null;
  return {
    running: running.map((plan) => back(plan.stage) ?? plan),
    rollouts: byStage(pipeline, ({ name }) => {
      const { setbacks } = rollouts[name] ?? NOTHING;
      return back(name) === undefined ? rollouts[name] : { setbacks };
    }),
    gaveUp: true,
  };
}

/** Whether a plan goes on with a switch that it has too few replicas to make: all of them would carry less than what serves, and than comes. */
export function isOutOfReach(
  pipeline: Pipeline,
  seen: Observation,
  { rollouts }: Standing,
  plan: Plan,
  load: number | null,
): boolean {
  return pipeline.stages.some((stage, s) => {
    const [switching, to] = [rollouts[stage.name]?.switching, plan[s]];
    if (to === undefined || switching === undefined || isRouted(switching)) return false;
    const { from } = switching;
    const { serving } = countOf(
      seen.replicas.filter((count) => count.stage === stage.name),
      from.variant,
    );
    return enoughReady(pipeline, load, to, { ...from, replicas: serving }) > to.replicas;
  });
}

/** The same once a plan has been decided, which is from now on to be carried out. */
export function setOut(
  pipeline: Pipeline,
  seen: Observation,
  { running, rollouts }: Standing,
  plan: Plan,
  load: number | null,
): Rollouts {
  return byStage(pipeline, (stage, s) => {
    const to = plan[s];
    if (to === undefined) return undefined;
    const { switching, progress, setbacks } = rollouts[stage.name] ?? NOTHING;
    const sight = sightOf(pipeline, stage, seen, load, to, progress);
    if (sight === null) return rolloutOf(switching, progress, setbacks);
    const { ready } = countOf(sight.counts, to.variant);
    const goesOn = running[s]?.variant === to.variant;
    const routed = switching !== undefined && isRouted(switching);
    const begun = switching === undefined || routed ? switchFrom(running[s], to, seen.now) : switching;
    const next = routed && goesOn ? switching : switchOf(to, begun, sight);
    const isUp = ready >= to.replicas && next?.phase !== "Preparing";
    return rolloutOf(next, isUp ? undefined : progressOf(to, ready, progress, seen.now), setbacks);
  });
}

/**
 * The same where nobody looks how far replicas have come, nor sends requests elsewhere: that begins anew when somebody does, since nobody sees to
 * it meanwhile.
 */
export function unwatched(rollouts: Rollouts, now: number): Rollouts {
  return Object.fromEntries(
    Object.entries(rollouts).flatMap(([stage, { switching, progress, setbacks }]) => {
      const rollout = rolloutOf(
        seenSince(switching, ["Ready", "Routed", "Draining"], () => now),
        // How many were ready at once tells whether some cease to be.
        progress !== undefined && switching !== undefined && switching.phase !== "Preparing"
          ? { ...progress, since: now }
          : undefined,
        lasting(setbacks, now),
      );
      return isEmpty(rollout) ? [] : [[stage, rollout]];
    }),
  );
}

/** The same when nobody has looked for some seconds: they do not count as time in which replicas did not come, or requests were not sent elsewhere. */
export function afterGap(rollouts: Rollouts, seconds: number): Rollouts {
  const later = (since: number): number => since + seconds;
  return Object.fromEntries(
    Object.entries(rollouts).map(([stage, { switching, progress, setbacks }]) => [
      stage,
      rolloutOf(
        seenSince(switching, ["Ready", "Routed"], later),
        progress === undefined ? undefined : { ...progress, since: later(progress.since) },
        setbacks,
      ),
    ]),
  );
}

/** Instants of a switch: since when something has lasted that has to be looked at. Replicas start, and end what they do, by themselves. */
function seenSince(
  switching: Switch | undefined,
  phases: readonly Switch["phase"][],
  of: (since: number) => number,
): Switch | undefined {
  if (switching === undefined) return undefined;
  const { phase, since } = switching;
  return phases.includes(phase) ? { ...switching, since: of(since) } : switching;
}

/**
 * Whether a switch is given up: its new variant did not stay ready, and its requests have gone back to what carries on without it; or all are
 * ready, and it is not routed in time, while the old one serves.
 */
function hasFailed(
  plan: StagePlan,
  before: Switch | undefined,
  switching: Switch,
  sight: Sight,
  deadline: number,
): boolean {
  if (isRouted(switching)) return false;
  if (before?.lost === true) return carriesOn(plan, switching, sight);
  const isOverdue = switching.phase === "Ready" && sight.now - switching.since >= deadline;
  return isOverdue && countOf(sight.counts, switching.from.variant).serving > 0;
}

const NOTHING: StageRollout = { setbacks: [] };

function rolloutOf(
  switching: Switch | undefined,
  progress: Progress | undefined,
  setbacks: StageRollout["setbacks"],
): StageRollout {
  return {
    ...(switching === undefined ? {} : { switching }),
    ...(progress === undefined ? {} : { progress }),
    setbacks,
  };
}

function isEmpty({ switching, progress, setbacks }: StageRollout): boolean {
  return (switching ?? progress) === undefined && setbacks.length === 0;
}

/** Without the stages of which there is nothing to remember, and the setbacks of variants that are not there any more. */
function byStage(pipeline: Pipeline, of: (stage: Stage, s: number) => StageRollout | undefined): Rollouts {
  return Object.fromEntries(
    pipeline.stages.flatMap((stage, s) => {
      const found = of(stage, s);
      if (found === undefined) return [];
      const isThere = ({ variant }: Setback): boolean => stage.variants.some(({ name }) => name === variant);
      const rollout = { ...found, setbacks: found.setbacks.filter(isThere) };
      return isEmpty(rollout) ? [] : [[stage.name, rollout]];
    }),
  );
}

/** Null where nothing is known. */
function sightOf(
  pipeline: Pipeline,
  stage: Stage,
  { replicas, now }: Observation,
  load: number | null,
  plan: StagePlan,
  progress: Progress | undefined,
): Sight | null {
  const counts = replicas.filter((count) => count.stage === stage.name);
  if (counts.length === 0) return null;
  return {
    stage,
    counts,
    were: progress?.variant === plan.variant ? progress.ready : plan.replicas,
    enough: (serves) => enoughReady(pipeline, load, plan, serves),
    carries: (serves) => carriedBy(pipeline, stage, serves),
    drain: pipeline.rollout.drain,
    now,
  };
}

function switchFrom(running: StagePlan | undefined, to: StagePlan, now: number): Switch | undefined {
  if (running === undefined || running.variant === to.variant) return undefined;
  return { from: running, phase: "Preparing", since: now };
}
