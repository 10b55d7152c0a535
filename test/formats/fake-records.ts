import type { RequestRecords, VisitRecords } from "../../src/core/run-log.ts";

/** Three requests: one served, one dropped at the second stage, one still in flight at the end. */
export const requests: RequestRecords = {
  arrival: Float64Array.of(0.5, 1.25, 2),
  departure: Float64Array.of(0.9, NaN, NaN),
  outcome: Uint8Array.of(0, 1, 2),
  droppedAt: Int16Array.of(-1, 1, -1),
};

/** Two stages that share a variant's name. */
export const stages = [
  { name: "detect", variants: [{ name: "small" }, { name: "large" }] },
  { name: "classify", variants: [{ name: "tiny" }, { name: "small" }] },
];

/** Their visits: the second request never starts at the second stage, the third does not end at the first. */
export const visits: VisitRecords = {
  request: Uint32Array.of(0, 1, 2, 0, 1),
  item: Uint32Array.of(0, 0, 0, 0, 0),
  stage: Uint16Array.of(0, 0, 0, 1, 1),
  variant: Int16Array.of(1, 0, 1, 1, -1),
  batchSize: Uint16Array.of(2, 2, 1, 1, 0),
  arrival: Float64Array.of(0.5, 1.25, 2, 0.75, 1.5),
  start: Float64Array.of(0.5, 1.25, 2, 0.75, NaN),
  end: Float64Array.of(0.75, 1.5, NaN, 0.9, NaN),
  outcome: Uint8Array.of(0, 0, 2, 0, 1),
};
