import { cores } from "../../formats/quantity.ts";
import type { KubeObject } from "../../kube/objects.ts";
import type { Selector } from "./selector.ts";

/** What a controller needs to know of a Pod. */
export interface PodView {
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** The scheduler found no node for it. */
  readonly unschedulable: boolean;
  /** CPU cores that its containers request together; null if one requests none. */
  readonly cores: number | null;
}

interface PodSpec {
  readonly containers?: readonly { readonly resources?: { readonly requests?: { readonly cpu?: string | number } } }[];
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
}

/** A Pod as it counts; null if it is on its way out, or has ended. */
export function viewOf(pod: KubeObject): PodView | null {
  const { phase, conditions = [] } = (pod.status ?? {}) as PodStatus;
  if (pod.metadata.deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed") return null;
  const { containers = [] } = (pod.spec ?? {}) as PodSpec;
  const requested = containers.map(({ resources }) => resources?.requests?.cpu);
  return {
    labels: pod.metadata.labels ?? {},
    ready: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    unschedulable: conditions.some(
      ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
    ),
    cores: requested.reduce<number | null>(
      (sum, cpu) => (sum === null || cpu === undefined ? null : sum + cores(String(cpu))),
      0,
    ),
  };
}

/** The Pods of a namespace, found by their labels without looking at each. */
export interface PodIndex {
  readonly put: (pod: KubeObject) => void;
  readonly remove: (pod: KubeObject) => void;
  readonly matching: (selector: Selector) => readonly PodView[];
}

export function podIndex(): PodIndex {
  const views = new Map<string, PodView>();
  const byLabel = new Map<string, Set<string>>();
  const remove = (pod: KubeObject): void => {
    const name = pod.metadata.name;
    for (const label of Object.entries(views.get(name)?.labels ?? {})) {
      const names = byLabel.get(label.join("="));
      names?.delete(name);
      if (names?.size === 0) byLabel.delete(label.join("="));
    }
    views.delete(name);
  };
  const put = (pod: KubeObject): void => {
    remove(pod);
    const view = viewOf(pod);
    if (view === null) return;
    views.set(pod.metadata.name, view);
    for (const label of Object.entries(view.labels)) {
      const key = label.join("=");
      const names = byLabel.get(key) ?? new Set();
      byLabel.set(key, names.add(pod.metadata.name));
    }
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
  return { put, remove, matching };
}
