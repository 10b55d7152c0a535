import assert from "node:assert/strict";
import { test } from "node:test";
import { groupVersion, urlOfObject, urlOfResource } from "../../src/kube/objects.ts";

test("paths of the core group, of others, of all namespaces, and of subresources", () => {
  const pods = { group: "", version: "v1", plural: "pods" };
  const deployments = { group: "apps", version: "v1", plural: "deployments", namespace: "models" };
  assert.equal(urlOfResource(pods), "/api/v1/pods");
  assert.equal(urlOfResource({ ...pods, namespace: "models" }), "/api/v1/namespaces/models/pods");
  assert.equal(urlOfResource(deployments), "/apis/apps/v1/namespaces/models/deployments");
  assert.equal(
    urlOfObject({ ...deployments, name: "../a", subresource: "scale" }),
    "/apis/apps/v1/namespaces/models/deployments/..%2Fa/scale",
  );
});

test("group and version of an apiVersion", () => {
  assert.deepEqual(groupVersion("v1"), { group: "", version: "v1" });
  assert.deepEqual(groupVersion("apps/v1"), { group: "apps", version: "v1" });
});
