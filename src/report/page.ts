import { accuracyChart, answeredChart, costChart, latencyChart, loadChart, tradeOffChart } from "./charts.ts";
import { summaryColumns } from "./columns.ts";
import { escapeText } from "./escape.ts";
import { comparison, findings, list, type PolicyRuns } from "./findings.ts";
import { notesOf } from "./notes.ts";
import { decimals, seconds } from "./numbers.ts";
import { pageStyle } from "./page-style.ts";
import { policyStyles, type PolicyStyle } from "./styles.ts";

export interface PageContents {
  readonly pipeline: string;
  readonly trace: string;
  /** In the order of the table; at least one. */
  readonly policies: readonly PolicyRuns[];
  /** How the runs were made, as names and values: options, seeds, versions. */
  readonly setup: Readonly<Record<string, string>>;
}

/** Widths in pixels at which each chart is drawn; the page shows one of them, so that text stays readable. */
const WIDE = 560;
const NARROW = 340;

/** A report of a comparison as one HTML document that asks for nothing from outside. */
export function reportPage({ pipeline, trace, policies, setup }: PageContents): string {
  const title = `${pipeline} × ${trace}`;
  const [first] = policies;
  const styles = policyStyles(policies.map(({ summary }) => summary.policy));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeText(pipeline)} <span class="times">×</span> ${escapeText(trace)}</h1>
<p class="lead">${escapeText(comparison(policies))}</p>
${notesOf(policies)
  .map((note) => `<p class="quiet">${escapeText(note)}</p>`)
  .join("\n")}
</header>
${table(policies, styles)}
<h2>Charts</h2>
<p class="quiet">${escapeText(chartsNote(policies))}</p>
<div class="charts">
${figure("Accuracy against cost", findings.tradeOff(policies), (width) => tradeOffChart(policies, width))}
${figure("Latency of all requests", findings.answered(policies), (width) => answeredChart(policies, width))}
${figure("Cost over time", findings.cost(policies), (width) => costChart(policies, width))}
${figure("Accuracy over time", findings.accuracy(policies), (width) => accuracyChart(policies, width))}
${figure("Latency over time", findings.latency(policies), (width) => latencyChart(policies, width))}
${first === undefined ? "" : figure("Load over time", findings.load(first), (width) => loadChart(first, width))}
</div>
<h2>How to read this</h2>
<p>Every policy met the same arrivals. Cheaper is further left and more accurate further up in the first chart; a policy
that is both, and answers as many requests within the SLA, is the better one. In the second chart a line that reaches the
dashed SLA mark higher up answered more requests in time; the gap between its right end and 100 % was dropped or slower still.</p>
<dl>
${summaryColumns.map(({ title: name, definition }) => term(name, definition)).join("\n")}
${term("±", "Half the width of the 95 % interval of the mean over the seeds (Student’s t); absent with one seed.")}
</dl>
${stagesTable(policies)}
<h2>Setup</h2>
<dl>
${Object.entries(setup)
  .map(([name, value]) => term(name, value))
  .join("\n")}
</dl>
</main>
</body>
</html>
`;
}

function table(policies: readonly PolicyRuns[], styles: ReadonlyMap<string, PolicyStyle>): string {
  const head = summaryColumns.map(
    ({ title, definition }) =>
      `<th scope="col"><abbr title="${escapeText(definition)}">${escapeText(title)}</abbr></th>`,
  );
  const rows = policies.map(({ summary }) => {
    const [name = "", ...cells] = summaryColumns.map(({ cell }) => escapeText(cell(summary)));
    const style = styles.get(summary.policy);
    return `<tr><th scope="row">${style === undefined ? "" : sample(style)}${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  return scrolling("Comparison of the policies", head, rows);
}

function stagesTable(policies: readonly PolicyRuns[]): string {
  const head = ["policy, stage", "cost (cores)", "wait (s)", "stay (s)", "drops", "start-ups", "switches"].map(
    (title) => `<th scope="col">${title}</th>`,
  );
  const rows = policies.flatMap(({ summary }) =>
    summary.stages.map((stage) => {
      const cells = [
        decimals(stage.cost_cores, 2),
        seconds(stage.mean_wait_s),
        seconds(stage.mean_sojourn_s),
        count(stage.dropped),
        count(stage.replicas_started),
        count(stage.switches),
      ];
      return `<tr><th scope="row">${escapeText(`${summary.policy}, ${stage.stage}`)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    }),
  );
  return `<details><summary>Stage by stage</summary>
<p class="quiet">Wait: from arrival at the stage to the start of service; stay: to its end; means over the items served.</p>
${scrolling("The policies stage by stage", head, rows)}
</details>`;
}

/** A count, or the mean of counts over seeds. */
function count(value: number): string {
  return decimals(value, Number.isInteger(value) ? 0 : 1);
}

/** A table that scrolls by itself where it is too wide, also by keyboard. */
function scrolling(label: string, head: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll" role="region" aria-label="${label}" tabindex="0">
<table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</div>`;
}

function sample({ colour, dash }: PolicyStyle): string {
  return `<svg class="sample" viewBox="0 0 26 12" aria-hidden="true"><line x1="0" x2="26" y1="6" y2="6" stroke="${colour}" stroke-width="3" stroke-dasharray="${dash === "" ? "none" : dash}"/></svg>`;
}

function figure(title: string, finding: string, chart: (width: number) => string): string {
  return `<figure>
<figcaption><strong>${escapeText(title)}</strong> ${escapeText(finding)}</figcaption>
<div class="wide">${chart(WIDE)}</div>
<div class="narrow">${chart(NARROW)}</div>
</figure>`;
}

function term(name: string, definition: string): string {
  return `<dt>${escapeText(name)}</dt><dd>${escapeText(definition)}</dd>`;
}

function chartsNote(policies: readonly PolicyRuns[]): string {
  const seeds = policies[0]?.summary.seeds ?? [];
  if (seeds.length < 2) return "Each policy has its own colour and dash, here as in the table.";
  return (
    `Each policy has its own colour and dash, here as in the table. Charts over time show seed ${seeds[0]}; ` +
    `the others all the seeds (${list(seeds.map(String))}).`
  );
}
