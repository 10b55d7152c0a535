import type { Control, Mode } from "../../core/control.ts";
import { KubeError } from "../../kube/errors.ts";
import type { Kube } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/objects.ts";
import type { Context } from "../context.ts";
import { modeWithin, type Known } from "../known.ts";
import type { Memory } from "../memory.ts";
import { PIPELINES } from "../pipelines.ts";
import { restore } from "./restore.ts";
import type { World } from "../world.ts";

/** Keeps a pipeline that is deleted until its replicas are what they were before it acted. */
const FINALIZER = "ipa.dev/restore";
/** So long after the deletion they are given up, seconds: a namespace that is deleted must not hang. */
const GIVEN_UP_AFTER = 60;

/** Sees to it that a pipeline has the finalizer while it needs it, and only then: before its first number is written. */
export async function keepFinalizer({ kube, maxMode }: Context, { object, control }: Known): Promise<void> {
  if (control === null) return;
  const wanted = restores(maxMode, control);
  if (wanted !== hasFinalizer(object)) await setFinalizer(kube, object, wanted);
}

/**
 * The same as it is stored, where nothing was heard of pipelines for long and the finalizer is on it: with a namespace that is deleted the right
 * to watch what is in it goes, perhaps before that was told.
 */
export async function asStoredNow({ kube }: Context, world: Pick<World, "stale">, known: Known): Promise<Known> {
  const { namespace, name } = known;
  if (!hasFinalizer(known.object) || !world.stale().includes(PIPELINES.plural)) return known;
  try {
    // It changes nothing, is answered with the whole, and needs no right but that to take the finalizer away.
    const object = await kube.patch({ ...PIPELINES, namespace, name }, {});
    return { ...known, object, ending: object.metadata.deletionTimestamp !== undefined };
  } catch (error) {
    if (error instanceof KubeError && error.reason !== "NotLeader") return known;
    throw error;
  }
}

/**
 * The turn of a pipeline that is being deleted: nothing is decided any more, and what is to be restored is. Of a namespace that is deleted with
 * it nothing can be: what may not be read any more is not waited for.
 */
export async function end(context: Context, world: World, known: Known, memory: Memory): Promise<Memory> {
  const { kube, clock, maxMode, record } = context;
  const { object, control, paused } = known;
  if (!hasFinalizer(object)) return memory;
  const isRestored =
    control === null ||
    !restores(maxMode, control) ||
    paused ||
    (!isGivenUp(object, clock()) && (await restore(context, world, known, control, memory.ledger)));
  if (!isRestored && !isGivenUp(object, clock())) return memory;
  await setFinalizer(kube, object, false);
  if (!isRestored) {
    const note = `not all replicas could be set back within ${GIVEN_UP_AFTER} s; they are left as they are`;
    void record(object, "Warning", "NotRestored", note);
  }
  return memory;
}

function isGivenUp({ metadata }: KubeObject, now: number): boolean {
  return now - Date.parse(metadata.deletionTimestamp ?? "") / 1000 >= GIVEN_UP_AFTER;
}

function restores(maxMode: Mode, control: Control): boolean {
  return control.onDelete === "Restore" && modeWithin(maxMode, control) === "Act";
}

function hasFinalizer({ metadata: { finalizers = [] } }: KubeObject): boolean {
  return finalizers.includes(FINALIZER);
}

async function setFinalizer(kube: Kube, { metadata }: KubeObject, wanted: boolean): Promise<void> {
  const { name, namespace = "", resourceVersion, finalizers: all = [] } = metadata;
  const others = all.filter((one) => one !== FINALIZER);
  const finalizers = wanted ? [...others, FINALIZER] : others;
  try {
    // The version guards the finalizers of others.
    await kube.patch({ ...PIPELINES, namespace, name }, { metadata: { resourceVersion, finalizers } });
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) throw error;
  }
}
