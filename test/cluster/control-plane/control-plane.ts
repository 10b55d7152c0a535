import type { Component } from "./programs.ts";

/** A Kubernetes cluster that a test may do anything to. */
export interface ControlPlane {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** URL of the API server. */
  readonly server: string;
  /** PEM file of the authority that signed the API server's certificate. */
  readonly caFile: string;
  /** A temporary directory that `stop` removes. Each program's log is there, `kube-scheduler.log` and so on. */
  readonly directory: string;
  /** False for a cluster that was lent: then nothing below up to `pidOf` is possible, and such scenarios are skipped. */
  readonly ours: boolean;

  /** Adds a node and, where KWOK plays its kubelet, waits until it is Ready. */
  readonly addNode: (node: TestNode) => Promise<void>;
  /**
   * As in a crash: open connections break. What etcd holds stays. The programs come back to a new API server after
   * pauses of their own, which grow with every outage of the last two minutes from one second to thirty: after several, pods
   * are slow.
   */
  readonly stopApiServer: () => Promise<void>;
  /** On the same port as before; resolves when it is ready. */
  readonly startApiServer: () => Promise<void>;
  readonly restartApiServer: () => Promise<void>;
  /** The program keeps its connections and answers nothing. */
  readonly pause: (component: Component) => void;
  readonly resume: (component: Component) => void;
  readonly pidOf: (component: Component) => number;

  /** Runs kubectl with all rights and resolves to what it printed; rejects with what it complained of. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** The same, with something to read, for `-f -`. */
  readonly kubectlWith: (input: string, ...args: readonly string[]) => Promise<string>;
  /** Server-side apply of objects, as field manager "test". */
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface TestNode {
  readonly name: string;
  /** Cores that can be allocated; memory and the number of pods do not bind. */
  readonly cpus: number;
  /**
   * Whether KWOK plays the kubelet; true unless said. Otherwise the test does: the node is not Ready, and gets no pods,
   * before its status says so.
   */
  readonly kwok?: boolean;
}
