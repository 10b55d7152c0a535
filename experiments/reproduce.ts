// Makes every figure and table of the paper again, beside what was published, with a verdict on each claim.
//
//   npm run reproduce [-- --quick] [-- --out FOLDER]
//
// Writes report.html, the tables as CSV and Arrow, the figures as SVG, and manifest.json; needs nothing but this
// repository. With --quick fewer seeds and cases: it shows that all works.
import { join } from "node:path";
import { Progress } from "../src/commands/progress.ts";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { baseAllocations } from "./base-allocations.ts";
import { decisionMatch } from "./decision-match.ts";
import { decisionTime } from "./decision-time.ts";
import { endToEnd } from "./end-to-end.ts";
import { heldOutHeadline } from "./held-out-headline.ts";
import { latency } from "./latency.ts";
import { objectivePreferences } from "./objective-preferences.ts";
import { predictorAblation } from "./predictor-ablation.ts";
import type { Experiment } from "./findings/experiment.ts";
import { flagsOf, manifestOf, writeFindings } from "./findings/output.ts";
import { findingsPage, headingOf, type Section } from "./findings/page.ts";
import { variants } from "./variants.ts";
import { workloadPredictions } from "./workloads.ts";

/** In the order of the paper. */
const experiments: readonly Experiment[] = [
  variants,
  baseAllocations,
  workloadPredictions,
  endToEnd,
  heldOutHeadline,
  decisionMatch,
  decisionTime,
  objectivePreferences,
  latency,
  predictorAblation,
];

const { quick, out, seeds } = flagsOf();
const sections: Section[] = [];
for (const experiment of experiments) {
  const progress = new Progress();
  const from = performance.now();
  const findings = await experiment.run({
    quick,
    seeds,
    onProgress: (share, what) => progress.update(share, `${experiment.figure ?? experiment.title}: ${what}`),
  });
  progress.done();
  const seconds = (performance.now() - from) / 1000;
  sections.push({ experiment, findings, seconds });
  await writeFindings(out, findings);
  console.log(`${headingOf(experiment)} (${decimals(seconds, 1)} s)`);
  for (const { verdict, claim } of findings.verdicts ?? []) console.log(`  ${verdict.padEnd(26)} ${claim}`);
}
const manifest = await manifestOf({ quick, seeds });
await writeWhole(join(out, "manifest.json"), manifest);
const report = join(out, "report.html");
const heading = {
  title: "IPA, reproduced",
  lead:
    "Every figure and table of Ghafouri et al., “IPA: Inference Pipeline Adaptation to Achieve High Accuracy and Cost-Efficiency” (JSys 2024), " +
    "made again in a simulator, beside what the paper published.",
};
await writeWhole(report, findingsPage(heading, sections, manifest));
console.log(`\nOpen ${report}. The numbers and pictures are beside it.`);
