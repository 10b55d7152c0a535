// The report: every experiment's verdicts, numbers and figures as one HTML document that asks for nothing from outside.
import { escapeText } from "../../src/report/escape.ts";
import { decimals } from "../../src/report/numbers.ts";
import { pageStyle } from "../../src/report/page-style.ts";
import type { Cell, Experiment, Figure, Findings, Table, Verdict } from "./experiment.ts";
import { comparisonCells } from "./output.ts";

export interface Section {
  readonly experiment: Experiment;
  readonly findings: Findings;
  readonly seconds: number;
}

/** What the page is about. */
export interface Heading {
  readonly title: string;
  readonly lead: string;
}

export function findingsPage({ title, lead }: Heading, sections: readonly Section[], manifest: string): string {
  const verdicts = sections.flatMap(({ experiment, findings }) =>
    (findings.verdicts ?? []).map((verdict) => ({ ...verdict, experiment })),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${pageStyle}${ownStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escapeText(title)}</h1>
<p class="lead">${escapeText(lead)}</p>
</header>
<h2>The claims</h2>
${tableOf(
  ["claim", "verdict", "because"],
  verdicts.map(({ claim, verdict, because, experiment }) => [
    `<a href="#${experiment.name}">${escapeText(claim)}</a>`,
    `<span class="verdict ${verdictClass(verdict)}">${escapeText(verdict)}</span>`,
    escapeText(because),
  ]),
  "prose",
)}
${sections.map(sectionOf).join("\n")}
<h2>How it was made</h2>
<pre>${escapeText(manifest)}</pre>
</main>
</body>
</html>
`;
}

function verdictClass(verdict: Verdict["verdict"]): string {
  return verdict === "holds" ? "yes" : verdict === "does not hold" ? "no" : "open";
}

function sectionOf({ experiment, findings, seconds }: Section): string {
  const { summary, tables = [], figures = [], comparisons = [], notes = [] } = findings;
  return `<section id="${experiment.name}">
<h2>${escapeText(headingOf(experiment))}</h2>
<p>${escapeText(summary)}</p>
${notes.map((note) => `<p class="quiet">${escapeText(note)}</p>`).join("\n")}
${chartsOf(figures.filter(({ group }) => group === undefined))}
${[...new Set(figures.flatMap(({ group }) => group ?? []))]
  .map(
    (group) =>
      `<details><summary>${escapeText(group)}</summary>${chartsOf(figures.filter((figure) => figure.group === group))}</details>`,
  )
  .join("\n")}
${
  comparisons.length === 0
    ? ""
    : `<details ${comparisons.length <= 24 ? "open" : ""}><summary>Published and ours: ${comparisons.length} numbers</summary>
${tableOf(
  ["", "published", "ours", "difference"],
  comparisons.map((comparison) => comparisonCells(comparison).map(escapeText)),
)}</details>`
}
${tables
  .filter(({ shown }) => shown === true)
  .map(shownTable)
  .join("\n")}
<p class="quiet">Made by <code>node experiments/${experiment.name}.ts</code> in ${decimals(seconds, 1)} s.</p>
</section>`;
}

/** Named after the paper's figure, if it is one. */
export function headingOf({ figure, title }: Experiment): string {
  return figure === undefined ? title : `${figure}: ${title}`;
}

function chartsOf(figures: readonly Figure[]): string {
  return figures.length === 0 ? "" : `<div class="charts">${figures.map(figureOf).join("\n")}</div>`;
}

function shownTable({ title, columns, rows }: Table): string {
  const text = (cell: Cell): string =>
    typeof cell === "number" ? String(Number(cell.toPrecision(4))) : escapeText(cell === null ? "–" : String(cell));
  return `<details ${rows.length <= 24 ? "open" : ""}><summary>${escapeText(title)}</summary>
${tableOf(
  columns.map((column) => column.replaceAll("_", " ")),
  rows.map((row) => row.map(text)),
)}</details>`;
}

function figureOf({ title, caption, svg }: Figure): string {
  return `<figure>
<figcaption><strong>${escapeText(title)}</strong> ${escapeText(caption)}</figcaption>
${svg}
</figure>`;
}

/** Cells are HTML. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[], kind = ""): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeText(head.filter((title) => title !== "").join(", "))}">
<table class="${kind}">
<thead><tr>${head.map((title) => `<th scope="col">${escapeText(title)}</th>`).join("")}</tr></thead>
<tbody>
${rows
  .map(
    ([first = "", ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
  )
  .join("\n")}
</tbody>
</table>
</div>`;
}

const ownStyle = `
table.prose th, table.prose td { white-space: normal; text-align: left; vertical-align: top; }
table.prose tbody th { font-weight: 400; min-width: 18em; }
table.prose a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
.verdict { font-weight: 600; white-space: nowrap; }
.verdict.yes { color: var(--policy-3); }
.verdict.no { color: var(--policy-2); }
.verdict.open { color: var(--quiet); }
pre { overflow-x: auto; font-size: 0.85rem; }
@media (max-width: 760px) {
  table.prose thead { display: none; }
  table.prose tr { display: block; padding: 10px 0; border-bottom: 1px solid var(--line); }
  table.prose tbody th, table.prose td { display: block; position: static; padding: 2px 0; border: 0; min-width: 0; }
}
`;
