import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../src/controller/see/pods.ts";

const requests = (cpu: string | number) => ({ resources: { requests: { cpu } } });
const init = (cpu: string) => requests(cpu);
const sidecar = (cpu: string) => ({ ...requests(cpu), restartPolicy: "Always" });

/** Cores of a Pod with such a spec. */
function coresOf(spec: object): number | null | undefined {
  return viewOf({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec })?.cores;
}

test("containers together, whatever they write", () => {
  assert.equal(coresOf({ containers: [requests("1"), requests("500m"), requests(2)] }), 3.5);
  assert.equal(coresOf({ containers: [requests("1500e-3")] }), 1.5);
});

test("unknown if one requests none", () => {
  assert.equal(coresOf({ containers: [requests("1"), {}] }), null);
  assert.equal(coresOf({ containers: [{ resources: { requests: { memory: "1Gi" } } }] }), null);
  assert.equal(coresOf({ containers: [requests("1")], initContainers: [{ restartPolicy: "Always" }] }), null);
});

test("a Pod's own request stands for all of its containers", () => {
  assert.equal(coresOf({ ...requests("2"), containers: [{}, {}] }), 2);
  assert.equal(coresOf({ ...requests("2"), containers: [requests("500m")], initContainers: [sidecar("1")] }), 2);
  // One of memory alone does not.
  assert.equal(coresOf({ resources: { requests: { memory: "1Gi" } }, containers: [requests("500m")] }), 0.5);
});

test("a sidecar runs as long as they do", () => {
  assert.equal(coresOf({ containers: [requests("1")], initContainers: [sidecar("1")] }), 2);
});

test("what comes before the containers counts where it is more: with the sidecars that are begun by then", () => {
  const containers = [requests("1")];
  assert.equal(coresOf({ containers, initContainers: [{}] }), 1);
  assert.equal(coresOf({ containers, initContainers: [init("500m"), init("700m")] }), 1);
  assert.equal(coresOf({ containers, initContainers: [init("3"), init("2")] }), 3);
  assert.equal(coresOf({ containers, initContainers: [sidecar("1"), init("3"), sidecar("500m")] }), 4);
  assert.equal(coresOf({ containers, initContainers: [init("3"), sidecar("1"), sidecar("2500m")] }), 4.5);
});

test("and so does what its runtime takes", () => {
  assert.equal(coresOf({ containers: [requests("1")], overhead: { cpu: "250m" } }), 1.25);
  assert.equal(coresOf({ ...requests("2"), containers: [{}], overhead: { cpu: "250m" } }), 2.25);
});
