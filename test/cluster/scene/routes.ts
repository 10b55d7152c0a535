import type { Write } from "./audit.ts";
import { scaleWrites } from "./scale-writes.ts";

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

/**
 * Where a stage with a Service was broken before its successor was made: requests sent to a Deployment with no Pod ready, and
 * replicas taken from the one that serves while another that is to succeed it gets up. `began`: replicas of the stage's Deployments
 * before the first write.
 */
export function brokenBeforeMade(
  writes: readonly Write[],
  service: string,
  began: Readonly<Record<string, number>>,
): readonly string[] {
  const counts = new Map(Object.entries(began));
  /** Got more replicas since the requests were sent to another. */
  const coming = new Set<string>();
  const broken: string[] = [];
  let serving: string | null = null;
  for (const write of writes) {
    const [route] = routesOf([write], service);
    if (route !== undefined) {
      if (readyBefore(writes, route.to, route.at) === 0)
        broken.push(`requests were sent to ${route.to}, which has no Pod ready`);
      serving = route.to;
      coming.clear();
    }
    const [scale] = scaleWrites([write], ...counts.keys());
    if (scale === undefined || scale.status >= 300) continue;
    const { name, replicas } = scale;
    const before = counts.get(name) ?? 0;
    counts.set(name, replicas);
    if (name !== serving && replicas > before) coming.add(name);
    if (name === serving && replicas < before && (replicas === 0 || coming.size > 0)) {
      broken.push(
        `${name} went from ${before} to ${replicas} replicas while it served, and ${[...coming].join()} was to come`,
      );
    }
    if (replicas === 0) coming.delete(name);
  }
  return broken;
}
