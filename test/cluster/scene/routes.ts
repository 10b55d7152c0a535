import type { Write } from "./audit.ts";

// Where Services sent requests, and which Pods were ready to take them: from the writes that the API server saw.

/** A Service was made to select the Pods of a Deployment; those of `deploymentObject` have its name as label. */
export interface Route {
  readonly at: number;
  readonly to: string;
}

/** Where a Service was made to send requests, oldest first. */
export function routesOf(writes: readonly Write[], service: string): readonly Route[] {
  return writes.flatMap(({ at, resource, name, status, body }): readonly Route[] => {
    const to = (body as { readonly spec?: { readonly selector?: { readonly app?: string } } } | undefined)?.spec
      ?.selector?.app;
    return resource === "services" && name === service && status < 300 && to !== undefined ? [{ at, to }] : [];
  });
}

interface PodStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** How many Pods of a Deployment were ready at an instant, and not yet on their way out. */
export function readyBefore(writes: readonly Write[], deployment: string, before: number): number {
  const ready = new Set<string>();
  const isOf = new RegExp(`^${deployment}-[0-9a-z]+-[0-9a-z]+$`);
  for (const { at, verb, resource, name, body } of writes) {
    if (at > before || !isOf.test(name)) continue;
    if (resource === "pods" && verb === "delete") ready.delete(name);
    if (resource !== "pods/status") continue;
    const { conditions = [] } = (body as PodStatus).status ?? {};
    const told = conditions.find(({ type }) => type === "Ready")?.status;
    if (told === "True") ready.add(name);
    if (told === "False") ready.delete(name);
  }
  return ready.size;
}
