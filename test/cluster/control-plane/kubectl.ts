import { execFile } from "node:child_process";

export interface Kubectl {
  /** Runs kubectl as an administrator and resolves to what it printed; rejects with what it complained of. */
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** The same, with something to read, for `-f -`. */
  readonly runWith: (input: string, ...args: readonly string[]) => Promise<string>;
  /** Server-side apply of objects, as field manager "test". */
  readonly apply: (...objects: readonly object[]) => Promise<void>;
}

/**
 * Null stands for what KUBECONFIG says, which may be several files. `directory` is for the cache: the user's remembers by
 * port what kinds an API server has, and ports come again.
 */
export function kubectlOf(binary: string, kubeconfig: string | null, directory: string): Kubectl {
  const cache = `--cache-dir=${directory}/kubectl-cache`;
  const common = kubeconfig === null ? [cache] : [cache, `--kubeconfig=${kubeconfig}`];
  const runWith = (input: string, ...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(binary, [...common, ...args], { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || error.message}`));
      });
      // It may end before it has read its input; its exit code says why.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
  return {
    run: (...args) => runWith("", ...args),
    runWith,
    apply: async (...objects) => {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      await runWith(JSON.stringify(list), "apply", "--server-side", "--field-manager=test", "-f", "-");
    },
  };
}
