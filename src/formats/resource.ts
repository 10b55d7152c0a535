import type { Control } from "../core/control.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { buildControl } from "./build-control.ts";
import { buildPipeline } from "./build-pipeline.ts";
import { Complaints } from "./complaints.ts";
import { checkDocument, withoutPlaces } from "./document.ts";
import { pipelineKind, profileNames, type PipelineFile } from "./pipeline-file.ts";
import { DEFAULT_CONFIG_MAP } from "./pipeline-schema.ts";
import { parseProfiles, type ProfileFile } from "./profile-csv.ts";

// The custom resource: the pipeline file, come from a cluster, with its profiles in a ConfigMap beside it.

/** What a cluster holds of a pipeline. */
export interface PipelineResource {
  readonly pipeline: Pipeline;
  readonly control: Control;
}

/** Where a pipeline's profiles are: keys of a ConfigMap beside it. */
export interface ProfileKeys {
  readonly configMap: string;
  readonly keys: readonly string[];
}

/** The keys that a resource needs; an InputError if it is none. `place` is what people call it, for example its namespace and name. */
export function profileKeys(object: unknown, place: string): ProfileKeys {
  return keysOf(read(object, place));
}

/**
 * Makes the pipeline of a resource and of the texts of its profiles, by key. An InputError names all that is wrong: with code
 * `missing_file` if a profile is not there.
 */
export function parseResource(object: unknown, profiles: ReadonlyMap<string, string>, place: string): PipelineResource {
  const source = read(object, place);
  const { configMap } = keysOf(source);
  const complaints = new Complaints(place);
  const files = new Map<string, ProfileFile>();
  const paths = new Map<string, string>();
  for (const path of profileNames(source)) {
    const key = keyOf(path);
    const where = `spec.stages.${source.value.spec.stages.findIndex((stage) => stage.profile === path)}.profile`;
    const other = paths.get(key);
    paths.set(key, path);
    if (other !== undefined) {
      const text = `${other} and ${path} would both be key ${key} of a ConfigMap. Give one file another name.`;
      complaints.add({}, where, text, "duplicate");
    }
    const text = profiles.get(key);
    if (text === undefined) {
      const known = [...profiles.keys()].join(", ") || "none";
      const missing = `ConfigMap ${configMap} has no key ${key}; its keys are ${known}. Add the profile.`;
      complaints.add({}, where, missing, "missing_file");
    } else {
      files.set(path, parseProfiles(text, `configmap/${configMap}/${key}`));
    }
  }
  complaints.throwIfAny();
  const pipeline = buildPipeline(source, files);
  return { pipeline, control: buildControl(source.value, pipeline.stages) };
}

/** How a resource is to be run, with the stages as the file has them: what can be said of it without its profiles. */
export function parseControl(object: unknown, place: string): Control {
  const { value } = read(object, place);
  return buildControl(value, value.spec.stages);
}

function read(object: unknown, place: string): PipelineFile {
  return checkDocument(withoutPlaces(object), place, pipelineKind);
}

function keysOf(source: PipelineFile): ProfileKeys {
  const configMap = source.value.spec.profilesFrom?.configMap ?? DEFAULT_CONFIG_MAP;
  return { configMap, keys: [...new Set(profileNames(source).map(keyOf))] };
}

/** As `kubectl create configmap --from-file` names them: the last part of the path. */
function keyOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
