import type { KubeObject } from "./objects.ts";

export type Change = "Added" | "Modified" | "Deleted";

export interface ObjectCopy {
  readonly items: () => readonly KubeObject[];
  readonly item: (namespace: string | undefined, name: string) => KubeObject | undefined;
  /** Null: it is known as it is. */
  readonly put: (object: KubeObject) => "Added" | "Modified" | null;
  /** Null: it was not known. */
  readonly remove: (object: KubeObject) => "Deleted" | null;
  /** Takes over a whole list; what differs from before, objects that are gone first. */
  readonly replaceAll: (objects: readonly KubeObject[]) => readonly Difference[];
}

export interface Difference {
  readonly object: KubeObject;
  readonly change: Change;
}

/** The objects of a list, by what they are called. `kept` is what is kept of one. */
export function objectCopy(kept: (object: KubeObject) => KubeObject = (object) => object): ObjectCopy {
  const known = new Map<string, KubeObject>();

  const put = (object: KubeObject): "Added" | "Modified" | null => {
    const before = known.get(keyOf(object));
    known.set(keyOf(object), kept(object));
    if (before === undefined) return "Added";
    return before.metadata.resourceVersion === object.metadata.resourceVersion ? null : "Modified";
  };

  return {
    items: () => [...known.values()],
    item: (namespace = "", name) => known.get(`${namespace}/${name}`),
    put,
    remove: (object) => (known.delete(keyOf(object)) ? "Deleted" : null),
    replaceAll: (objects) => {
      const uids = new Map(objects.map((object) => [keyOf(object), object.metadata.uid]));
      // One that was deleted and made again under its name is another one.
      const gone = [...known].filter(([key, { metadata }]) => uids.get(key) !== metadata.uid);
      for (const [key] of gone) known.delete(key);
      const differences: Difference[] = gone.map(([, object]) => ({ object, change: "Deleted" }));
      for (const object of objects) {
        const change = put(object);
        if (change !== null) differences.push({ object, change });
      }
      return differences;
    },
  };
}

/** Enough of an object to know it again, and to see that it has changed. */
export function identityOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
