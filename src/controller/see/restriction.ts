import type { StageControl } from "../../core/control.ts";
import type { StagePlan } from "../../core/plan.ts";
import type { Restriction } from "../../core/restrict.ts";
import type { Fixed } from "./fixed.ts";
import { isGone, type Held } from "./held.ts";
import { pinnedBy } from "./knobs.ts";
import type { Sight } from "./sight.ts";

/** What the cluster leaves a decision of a stage: the choices that its data plane carries out, and the numbers that others set. */
export function restrictionOf(
  runs: StagePlan,
  control: StageControl | undefined,
  routed: string | null | undefined,
  sight: Sight,
  { fixed, held }: { readonly fixed: readonly Fixed[]; readonly held: readonly Held[] },
): readonly Restriction[] {
  const { stage } = runs;
  const dataPlane = control?.dataPlane ?? "None";
  const pinned = pinnedBy(sight.mode, dataPlane);
  const variants = pinned.includes("variant")
    ? [runs.variant]
    : dataPlane === "Service"
      ? selectable(runs, routed ?? runs.variant, sight, held)
      : null;
  // What has no target has no replicas, and gets none.
  const gone = sight.unresolved.filter((one) => isGone(sight, held, one.stage, one.variant));
  const counts = [...fixed, ...held, ...gone.map((one) => ({ ...one, replicas: 0 }))].filter(
    (one) => one.stage === stage,
  );
  if (variants === null && !pinned.includes("batch") && counts.length === 0) return [];
  return [
    {
      stage,
      ...(variants === null ? {} : { variants }),
      ...(pinned.includes("batch") ? { batches: [runs.batch] } : {}),
      ...(counts.length === 0
        ? {}
        : {
            replicas: Object.fromEntries(
              counts.map(({ variant, replicas }) => [variant, { fewest: replicas, most: replicas }]),
            ),
          }),
    },
  ];
}

/** The variants that a Service can send requests to; null where all are, or it has to be tried, as what serves is gone. */
function selectable(
  { stage, variant }: StagePlan,
  serves: string,
  sight: Sight,
  held: readonly Held[],
): readonly string[] | null {
  const { views, unroutable } = sight;
  const hasGone = (name: string): boolean => isGone(sight, held, stage, name);
  if (unroutable.includes(stage)) return hasGone(serves) ? null : [serves];
  const ofStage = views.filter((view) => view.stage === stage);
  const plain = ofStage.filter(({ scale }) => scale.selector.isPlain).map((view) => view.variant.name);
  if (plain.length === ofStage.length || (plain.length === 0 && hasGone(variant))) return null;
  return [...new Set([variant, ...plain])];
}
