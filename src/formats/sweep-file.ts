import { InputError } from "../core/errors.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { policyOf } from "../core/policies.ts";
import type { Trace } from "../workload/trace.ts";
import { Complaints } from "./complaints.ts";
import { parseDocument, type Document } from "./document.ts";
import { seconds } from "./quantity.ts";
import { sweepKind, type SweepSpec } from "./sweep-schema.ts";

/** A sweep file that agrees with its schema, before the files that it names are read. */
export type SweepFile = Document<SweepSpec>;

export function parseSweep(text: string, path: string): SweepFile {
  return parseDocument(text, path, sweepKind);
}

/** Makes the sweep from its file and the pipelines and traces that it names, in the file's order. */
export function buildSweep(source: SweepFile, pipelines: readonly Pipeline[], traces: readonly Trace[]) {
  checkSweep(source, pipelines, traces);
  const { policies, predictors, queueing, sla, alpha, beta, seeds } = source.value.spec;
  return {
    pipelines,
    traces,
    policies,
    predictors,
    queueing,
    slas: sla?.map(seconds),
    alphas: alpha,
    betas: beta,
    seeds,
  };
}

function checkSweep(source: SweepFile, pipelines: readonly Pipeline[], traces: readonly Trace[]): void {
  const { spec } = source.value;
  const complaints = new Complaints(source.path);
  const at = (path: readonly (string | number)[], text: string, code?: "duplicate"): void =>
    complaints.add(source.file.place(["spec", ...path]), ["spec", ...path].join("."), text, code);

  // By what the rows tell them apart.
  const values: Readonly<Record<string, readonly (string | number)[] | undefined>> = {
    ...spec,
    pipelines: pipelines.map(({ name }) => name),
    traces: traces.map(({ name }) => name),
    sla: spec.sla?.map(seconds),
  };
  for (const [list, items = []] of Object.entries(values)) {
    items.forEach((item, i) => {
      if (items.indexOf(item) < i)
        at([list, i], `"${item}" is there already. Keep one, or give each its own name.`, "duplicate");
    });
  }
  for (const { name, objective } of pipelines) {
    for (const weight of ["alpha", "beta"] as const) {
      if (spec[weight] === undefined || objective.kind === "weighted") continue;
      at(
        [weight],
        `belongs to objectives of kind weighted, and that of pipeline "${name}" is ${objective.kind}. Remove it.`,
      );
    }
  }
  for (const pipeline of pipelines) {
    for (const [i, policy] of (spec.policies ?? []).entries()) {
      try {
        policyOf(pipeline, policy);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        at(["policies", i], `with pipeline "${pipeline.name}": ${error.message}`);
      }
    }
  }
  complaints.throwIfAny();
}
