import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf, objectCopy } from "../../src/kube/object-copy.ts";
import type { KubeObject } from "../../src/kube/objects.ts";

function object(name: string, resourceVersion: string, uid = name): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace: "default", name, uid, resourceVersion } };
}

test("a new list tells what is gone, what is another one under its name, what changed and what is new", () => {
  const copy = objectCopy();
  copy.replaceAll([object("same", "1"), object("gone", "2"), object("remade", "3"), object("changed", "4")]);
  const list = [object("same", "1"), object("remade", "8", "other"), object("changed", "9"), object("new", "10")];
  const told = copy.replaceAll(list).map(({ change, object: { metadata } }) => {
    return `${change} ${metadata.name} ${metadata.resourceVersion}`;
  });
  assert.deepEqual(told, [
    "Deleted gone 2",
    "Deleted remade 3",
    "Added remade 8",
    "Modified changed 9",
    "Added new 10",
  ]);
  assert.deepEqual(new Set(copy.items()), new Set(list));
});

test("what is told twice is no change", () => {
  const copy = objectCopy();
  assert.equal(copy.put(object("a", "1")), "Added");
  assert.equal(copy.put(object("a", "1")), null);
  assert.equal(copy.put(object("a", "2")), "Modified");
  assert.equal(copy.remove(object("a", "3")), "Deleted");
  assert.equal(copy.remove(object("a", "3")), null);
});

test("what is kept of an object can be less than what is told of it", () => {
  const copy = objectCopy(identityOf);
  const large = { ...object("pod", "1"), spec: { containers: [] }, status: {} };
  assert.equal(copy.put(large), "Added");
  assert.deepEqual(copy.items(), [object("pod", "1")]);
  assert.equal(copy.put({ ...large, status: { phase: "Running" } }), null);
  assert.deepEqual(copy.replaceAll([{ ...large, metadata: { ...large.metadata, resourceVersion: "2" } }]), [
    { object: { ...large, metadata: { ...large.metadata, resourceVersion: "2" } }, change: "Modified" },
  ]);
  assert.deepEqual(copy.item("default", "pod"), object("pod", "2"));
});
