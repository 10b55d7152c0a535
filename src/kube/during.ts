import type { CallOptions } from "./call.ts";
import type { Kube } from "./client.ts";

/** The same API server for as long as a signal does not come: it is the signal of all calls that have none of their own. */
export function during(kube: Kube, signal: AbortSignal): Kube {
  const within = (how?: CallOptions): CallOptions => ({ signal, ...how });
  return {
    ...kube,
    get: (at, how) => kube.get(at, within(how)),
    list: (of, query, how) => kube.list(of, query, within(how)),
    apply: (at, body, as, how) => kube.apply(at, body, as, within(how)),
    patch: (at, merge, how) => kube.patch(at, merge, within(how)),
    create: (of, body, how) => kube.create(of, body, within(how)),
    replace: (at, body, how) => kube.replace(at, body, within(how)),
  };
}
