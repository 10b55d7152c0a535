import type { Observation } from "../../core/cluster.ts";
import type { StageControl } from "../../core/control.ts";
import { newestLoad } from "../../core/loop.ts";
import { servesNow } from "../../core/rollout.ts";
import { slowed } from "../../core/slowdown.ts";
import { countOf } from "../../core/switch.ts";
import type { Sound } from "../known.ts";
import type { Told } from "../tell/report.ts";
import type { World } from "../world.ts";
import type { Scales } from "./scales.ts";
import { servedBy } from "./services.ts";

/** What is known without asking. */
interface Live extends Pick<World, "namespace" | "pods" | "service"> {
  readonly scales: Pick<Scales, "known">;
}

/**
 * Why a stage's requests are better left where they are than sent to a variant as was decided; null if they are not. Pods may have ceased to be
 * ready since they were looked at, while the decision was waited for and written down, and others were asked for; and where none was made
 * in time, or a leader died, what is carried out was decided long ago.
 */
export function whyNotTo(
  variant: string,
  index: number,
  live: Live,
  { pipeline: profiled, control }: Sound,
  { answer }: Pick<Told, "answer">,
): string | null {
  const [stage, of] = [profiled.stages[index], control.stages[index]];
  const plan = answer?.decision.plan[index];
  // Where there is no Service yet nothing is lost by making one.
  if (answer === undefined || plan === undefined || stage === undefined || !hasService(of, live)) return null;
  const { decision } = answer;
  const pipeline = slowed(profiled, decision.state?.slowdowns ?? {}, decision.at);
  const load = newestLoad(answer.seen.load, pipeline.adaptation.loadWindow);
  const seen = recounted(answer.seen, of, live);
  const { ready } = countOf(
    seen.replicas.filter((count) => count.stage === stage.name),
    variant,
  );
  const serves = servesNow(pipeline, stage, seen, plan, decision.state?.rollouts?.[stage.name], load);
  if (serves === variant && ready > 0) return null;
  const why =
    serves !== variant && serves === plan.variant
      ? `enough of ${serves} are ready again`
      : `too few of ${variant} are ready by now (${ready})`;
  return `stage ${stage.name}: the requests are left where they are, since ${why}`;
}

function hasService(of: StageControl | undefined, { service }: Live): of is StageControl {
  return of !== undefined && of.service !== null && service(of.service.name) !== undefined;
}

/** What was seen of the replicas, with those of a stage counted again by what is known now of its Pods and its Service. */
function recounted(seen: Observation, { stage, service, targets }: StageControl, live: Live): Observation {
  const known = targets.flatMap((target) => {
    const scale = target === null ? null : live.scales.known(live.namespace, target);
    return target === null || scale === null ? [] : { target, scale };
  });
  const routed = service === null ? null : servedBy(live.service(service.name), known);
  return {
    ...seen,
    replicas: seen.replicas.map((count) => {
      const found = known.find(({ target }) => count.stage === stage && target.variant === count.variant);
      // What has no target is not found by its selector, and what was not profiled as it is does not count.
      if (found === undefined || count.refused === "Resources") return count;
      const ready = live.pods.matching(found.scale.selector).filter((pod) => pod.ready).length;
      const serves = routed === null ? count.serving > 0 : routed === count.variant;
      return { ...count, ready, serving: serves ? ready : 0 };
    }),
  };
}
