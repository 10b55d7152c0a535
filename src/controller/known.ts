import { createHash } from "node:crypto";
import { InputError } from "../core/errors.ts";
import { modes, type Control, type Mode } from "../core/control.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { parseControl, parseResource, profileKeys } from "../formats/resource.ts";
import type { KubeObject } from "../kube/objects.ts";
import type { World } from "./world.ts";

/** Freezes a pipeline: nothing is decided, nothing written but its status. */
const PAUSED = "ipa.dev/paused";
/** Any new value takes the targets over again that somebody took back. */
export const RESUME = "ipa.dev/resume";

/** Whoever may create a pipeline must not keep the controller busy with it alone, seconds. */
const SHORTEST_INTERVAL = 1;

/** A pipeline as it was applied, and what it says. */
export interface Known {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly paused: boolean;
  readonly resume: string;
  readonly built: Built;
  /** How it is to be run, where that can be told; also where its profiles cannot be. */
  readonly control: Control | null;
  /** Whether it is being deleted. */
  readonly ending: boolean;
  /** Whether nothing else was asked for since. */
  readonly holds: () => boolean;
}

export type Built = Sound | { readonly problem: Problem };

/** A pipeline that can be run. */
export interface Sound {
  readonly pipeline: Pipeline;
  readonly control: Control;
  /** What is wrong with its profiles by now, so that those read before are gone on with; null: nothing. */
  readonly outdated: Problem | null;
}

interface Problem {
  readonly of: "Ready" | "ProfilesReady";
  readonly reason: "Invalid" | "NotFound" | "GatewayMissing";
  readonly message: string;
}

/** Reads pipelines as they were applied. */
export interface Reader {
  readonly read: (object: KubeObject, world: World, holds: Known["holds"]) => Promise<Known>;
  /** It is gone. */
  readonly forget: (object: KubeObject) => void;
}

/** What was read of a pipeline, of its version and that of its profiles. */
interface Reading {
  readonly generation: number | undefined;
  /** Name of its ConfigMap, or what is wrong with the pipeline that this cannot be told. */
  readonly configMap: string | Built;
  readonly profiles: string;
  readonly built: Built;
}

/** Reads each version once. */
export function reader(): Reader {
  const readings = new Map<string, Reading>();
  /** By pipeline the ConfigMap that it names, also while that is still waited for. */
  const named = new Map<string, { readonly world: World; readonly configMap: string }>();
  const name = (uid: string, world: World, configMap: string | null): void => {
    const before = named.get(uid);
    if (configMap === null) named.delete(uid);
    else named.set(uid, { world, configMap });
    if (before === undefined || before.configMap === configMap) return;
    const isNamed = [...named.values()].some((one) => one.world === before.world && one.configMap === before.configMap);
    if (!isNamed) before.world.leaveConfigMap(before.configMap);
  };
  const read = async (object: KubeObject, world: World, holds: Known["holds"]): Promise<Known> => {
    const { name: own, namespace = "", uid = "", generation, annotations = {} } = object.metadata;
    const before = readings.get(uid);
    const isSame = before !== undefined && before.generation === generation;
    const configMap = isSame ? before.configMap : configMapOf(object);
    name(uid, world, typeof configMap === "string" ? configMap : null);
    const found = typeof configMap === "string" ? await world.configMap(configMap) : undefined;
    const profiles = `${found?.metadata.uid} ${found?.metadata.resourceVersion}`;
    const built =
      isSame && before.profiles === profiles
        ? before.built
        : typeof configMap === "string"
          ? lasting(build(object, configMap, found), isSame ? before.built : null)
          : configMap;
    readings.set(uid, { generation, configMap, profiles, built });
    const [paused, resume] = [isPaused(annotations[PAUSED]), keptResume(annotations[RESUME] ?? "")];
    const ending = object.metadata.deletionTimestamp !== undefined;
    const control = "control" in built ? built.control : controlOf(object);
    return { object, namespace, name: own, paused, resume, built, control, ending, holds };
  };
  const forget = ({ metadata: { uid = "" } }: KubeObject): void => {
    readings.delete(uid);
    const left = named.get(uid);
    if (left !== undefined) name(uid, left.world, null);
  };
  return { read, forget };
}

/** Characters of it that the status has room for. */
const MOST_RESUME = 1024;

/** As it is kept in the status, where a long one has no room: there it only has to differ from others. */
function keptResume(value: string): string {
  return value.length <= MOST_RESUME ? value : createHash("sha256").update(value).digest("hex");
}

/** What was built, or the same pipeline as before where that had all it needs: then only its profiles can be what is wrong now. */
function lasting(built: Built, before: Built | null): Built {
  if (before === null || "problem" in before || !("problem" in built)) return built;
  return { ...before, outdated: { ...built.problem, of: "ProfilesReady" } };
}

function controlOf(object: KubeObject): Control | null {
  try {
    return parseControl(object, object.metadata.name);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return null;
  }
}

/** Where a pipeline's profiles are, or what is wrong with it that this cannot be told. */
function configMapOf(object: KubeObject): string | Built {
  try {
    return profileKeys(object, object.metadata.name).configMap;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { problem: { of: "Ready", reason: "Invalid", message: error.message } };
  }
}

function build(object: KubeObject, configMap: string, profiles: KubeObject | undefined): Built {
  if (profiles === undefined) {
    const { namespace = "" } = object.metadata;
    const message =
      `there is no ConfigMap ${configMap} that the controller may read. ` +
      `Make it of the profiles: kubectl create configmap ${configMap} -n ${namespace} --from-file=profiles/`;
    return { problem: { of: "ProfilesReady", reason: "NotFound", message } };
  }
  const data = (profiles["data"] ?? {}) as Readonly<Record<string, string>>;
  try {
    const built = { ...parseResource(object, new Map(Object.entries(data)), object.metadata.name), outdated: null };
    const { interval } = built.pipeline.adaptation;
    if (interval >= SHORTEST_INTERVAL) return lacksGateway(built.control) ?? built;
    const message = `adaptation.interval is ${interval} s. On a cluster it is ${SHORTEST_INTERVAL} s at least.`;
    return { problem: { of: "Ready", reason: "Invalid", message } };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const ofProfile = error.code === "missing_file" || error.message.startsWith("configmap/");
    return { problem: { of: ofProfile ? "ProfilesReady" : "Ready", reason: "Invalid", message: error.message } };
  }
}

/** A plan for a gateway would hold choices that nothing carries out. */
function lacksGateway({ stages }: Control): Built | null {
  const names = stages.flatMap(({ stage, dataPlane }) => (dataPlane === "Gateway" ? stage : []));
  if (names.length === 0) return null;
  const message =
    `dataPlane Gateway of ${names.join(", ")}: there is no gateway yet that would carry a plan out, so that none is made. ` +
    "Set dataPlane: Service, or None.";
  return { problem: { of: "Ready", reason: "GatewayMissing", message } };
}

/** How far to go with a pipeline: as far as it says, and no further than the controller may. */
export function modeWithin(most: Mode, { mode }: Pick<Control, "mode">): Mode {
  return modes[Math.min(modes.indexOf(mode), modes.indexOf(most))] ?? "Observe";
}

/** A brake works however it is pulled: only nothing, and "false", let go. */
function isPaused(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false";
}
