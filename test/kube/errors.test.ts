import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOfAnswer } from "../../src/kube/errors.ts";

const status = {
  kind: "Status",
  reason: "Conflict",
  message: "Apply failed with 1 conflict",
  details: {
    causes: [{ reason: "FieldManagerConflict", message: 'conflict with "hpa"', field: ".spec.replicas" }],
    retryAfterSeconds: 4,
  },
};

test("an error says what the API server said", () => {
  const error = errorOfAnswer("apply /x", 409, undefined, JSON.stringify(status));
  assert.equal(error.message, "apply /x: 409 Conflict: Apply failed with 1 conflict");
  assert.equal(error.status, 409);
  assert.equal(error.reason, "Conflict");
  assert.equal(error.retryAfter, 4);
  assert.deepEqual(error.causes, status.details.causes);
});

test("an answer of something before the API server is understood, too", () => {
  const error = errorOfAnswer("get /x", 429, "12", "Too many requests, please try again later.\n");
  assert.equal(error.message, "get /x: 429 TooManyRequests: Too many requests, please try again later.");
  assert.equal(error.retryAfter, 12);
  assert.equal(errorOfAnswer("get /x", 418, undefined, "").message, "get /x: 418 Unknown");
  assert.deepEqual(errorOfAnswer("get /x", 500, undefined, "null").causes, []);
});

test("Retry-After may be a date", () => {
  const inHalfAMinute = new Date(Date.now() + 30_000).toUTCString();
  const { retryAfter } = errorOfAnswer("get /x", 503, inHalfAMinute, "");
  assert.ok(retryAfter !== null && retryAfter > 25 && retryAfter <= 30, String(retryAfter));
  assert.equal(errorOfAnswer("get /x", 503, "yesterday", "").retryAfter, null);
});
