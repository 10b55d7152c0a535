/** A kind of object in the API, and the namespace of those that are meant. */
export interface ResourcePath {
  /** "" is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural name in lower case, as in the URL. */
  readonly plural: string;
  /** None: objects without a namespace, or those of all namespaces. */
  readonly namespace?: string;
}

export interface ObjectPath extends ResourcePath {
  readonly name: string;
  readonly subresource?: "scale" | "status";
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ManagedFields {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [key: string]: unknown;
}

export interface ObjectList {
  readonly items: readonly KubeObject[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

/** Group and version of "apps/v1" or "v1". */
export function groupVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}

export function urlOfGroup(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

export function urlOfResource({ group, version, plural, namespace }: ResourcePath): string {
  const within = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${urlOfGroup(group, version)}${within}/${plural}`;
}

export function urlOfObject(at: ObjectPath): string {
  const subresource = at.subresource === undefined ? "" : `/${at.subresource}`;
  return `${urlOfResource(at)}/${encodeURIComponent(at.name)}${subresource}`;
}
