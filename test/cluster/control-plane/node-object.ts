import { KWOK_NODE } from "./components.ts";
import type { TestNode } from "./control-plane.ts";

export function nodeObject({ name, cpus, kwok = true }: TestNode): object {
  const resources = { cpu: String(cpus), memory: "1Ti", pods: "1000" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name }, annotations: kwok ? KWOK_NODE : {} },
    status: { capacity: resources, allocatable: resources },
  };
}
