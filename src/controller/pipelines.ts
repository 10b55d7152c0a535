import { API_VERSION } from "../formats/pipeline-schema.ts";
import { groupVersion, type ResourcePath } from "../kube/objects.ts";

/** Where the API server has the pipelines. */
export const PIPELINES: ResourcePath = { ...groupVersion(API_VERSION), plural: "inferencepipelines" };
