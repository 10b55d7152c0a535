import { systemClock } from "../../kube/clock.ts";
import type { KubeObject } from "../../kube/objects.ts";
import { requestedCores, type PodRequests } from "./requests.ts";
import type { Selector } from "./selector.ts";

/** What a controller needs to know of a Pod. */
export interface PodView {
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** The scheduler found no node for it. */
  readonly unschedulable: boolean;
  /** CPU cores that are kept for it; null if one of its containers requests none. */
  readonly cores: number | null;
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
}

/** A Pod as it counts; null if it is on its way out, or has ended. */
export function viewOf(pod: KubeObject): PodView | null {
  const { phase, conditions = [] } = (pod.status ?? {}) as PodStatus;
  if (pod.metadata.deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed") return null;
  return {
    labels: pod.metadata.labels ?? {},
    ready: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    unschedulable: conditions.some(
      ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
    ),
    cores: requestedCores((pod.spec ?? {}) as PodRequests),
  };
}

/** The Pods of a namespace, found by their labels without looking at each. */
export interface PodIndex {
  readonly put: (pod: KubeObject) => void;
  readonly remove: (pod: KubeObject) => void;
  readonly matching: (selector: Selector) => readonly PodView[];
  /** Whether some are on their way out, or have gone just now: what takes their place may come later. */
  readonly leaving: (selector: Selector) => boolean;
}

/** How long it may take until others take the place of Pods that have gone, seconds. */
const REPLACED_WITHIN = 10;

/** `clock`: seconds, from no particular moment. */
export function podIndex(clock: () => number = systemClock.now): PodIndex {
  const views = new Map<string, PodView>();
  const byLabel = new Map<string, Set<string>>();
  /** By name the labels of those that are on their way out. */
  const terminating = new Map<string, PodView["labels"]>();
  /** Those that went last, oldest first. */
  const gone: { readonly labels: PodView["labels"]; readonly at: number }[] = [];
  const remove = (pod: KubeObject): void => {
    const name = pod.metadata.name;
    for (const label of Object.entries(views.get(name)?.labels ?? {})) {
      const names = byLabel.get(label.join("="));
      names?.delete(name);
      if (names?.size === 0) byLabel.delete(label.join("="));
    }
    views.delete(name);
    terminating.delete(name);
  };
  const put = (pod: KubeObject): void => {
    remove(pod);
    const { name, labels = {}, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) terminating.set(name, labels);
    const view = viewOf(pod);
    if (view === null) return;
    views.set(name, view);
    for (const label of Object.entries(view.labels)) {
      const key = label.join("=");
      const names = byLabel.get(key) ?? new Set();
      byLabel.set(key, names.add(name));
    }
  };
  const hasGone = (pod: KubeObject): void => {
    const { name } = pod.metadata;
    // Of one that was missed when it went no more than its name may be known.
    gone.push({ labels: views.get(name)?.labels ?? terminating.get(name) ?? {}, at: clock() });
    remove(pod);
    forget();
  };
  const forget = (): void => {
    const first = gone.findIndex(({ at }) => clock() - at <= REPLACED_WITHIN);
    gone.splice(0, first === -1 ? gone.length : first);
  };
  const leaving = (selector: Selector): boolean => {
    forget();
    return [...terminating.values(), ...gone.map(({ labels }) => labels)].some(selector.matches);
  };
  const matching = (selector: Selector): readonly PodView[] => {
    // The label that the fewest have is looked at first.
    const sets = Object.entries(selector.labels).map((label) => byLabel.get(label.join("=")) ?? new Set<string>());
    const candidates: Iterable<string> =
      sets.length > 0 ? sets.reduce((a, b) => (a.size <= b.size ? a : b)) : views.keys();
    return [...candidates].flatMap((name) => {
      const view = views.get(name);
      return view !== undefined && selector.matches(view.labels) ? view : [];
    });
  };
  return { put, remove: hasGone, matching, leaving };
}
