import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { percentile } from "../core/percentile.ts";
import type { IntervalRow } from "../core/run-log.ts";
import { escapeText } from "./escape.ts";
import { drawnIntervals, findings, observedLoad, type PolicyRuns } from "./findings.ts";
import { answeredWithin, steps, type Point } from "./series.ts";
import { policyStyles, type PolicyStyle } from "./styles.ts";

// Every function returns an SVG that stands alone and takes its text colour from where it is put.

const FONT_SIZE = 13;
const LINE_HEIGHT = 20;
const SAMPLE_WIDTH = 26;

const slaStroke = { stroke: "currentColor", strokeDasharray: "3 3", strokeWidth: 1.5 };

interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  readonly style: Omit<PolicyStyle, "symbol">;
}

/** Cores held over time, one line per policy; width in pixels. */
export function costChart(policies: readonly PolicyRuns[], width: number): string {
  return overTime(policies, width, {
    finding: findings.cost(policies),
    label: "Cost (cores)",
    of: (row) => row.costCores,
    y: { zero: true },
  });
}

/** Accuracy of the plan in force over time, in the metric of the objective. */
export function accuracyChart(policies: readonly PolicyRuns[], width: number): string {
  return overTime(policies, width, {
    finding: findings.accuracy(policies),
    label: "Accuracy",
    of: (row) => row.accuracy,
    y: { zero: false },
  });
}

/** The 99th percentile of latency per interval, with the SLA; a logarithmic scale where it is exceeded far. */
export function latencyChart(policies: readonly PolicyRuns[], width: number): string {
  const sla = policies[0]?.summary.sla_s ?? 0;
  const greatest = policies.flatMap(drawnIntervals).reduce((most, row) => Math.max(most, row.latencyP99 ?? 0), 0);
  const logarithmic = greatest > 10 * sla;
  return overTime(policies, width, {
    finding: findings.latency(policies),
    label: `99th percentile of latency (s${logarithmic ? ", logarithmic" : ""})`,
    of: (row) => row.latencyP99,
    join: "max",
    y: logarithmic ? { type: "log" } : { zero: true },
    reference: slaLine(sla),
    marks: [Plot.ruleY([sla], slaStroke)],
  });
}

/** Load that arrived against load predicted, of one policy. */
export function loadChart(policy: PolicyRuns, width: number): string {
  const rows = drawnIntervals(policy);
  const time = timeUnit(rows.at(-1)?.to ?? 0);
  const { colour } = policyStyles([policy.summary.policy]).get(policy.summary.policy) ?? { colour: "currentColor" };
  const lines: Line[] = [
    { name: "observed", points: steps(rows, observedLoad), style: { colour: "currentColor", dash: "" } },
    { name: "predicted", points: steps(rows, (row) => row.predicted), style: { colour, dash: "7 3" } },
  ];
  return draw(width, lines, findings.load(policy), "Load (requests per second)", {
    x: { label: time.label },
    y: { zero: true, nice: true },
    marks: [Plot.ruleY([0], { strokeOpacity: 0.4 }), lines.map((line) => lineMark(line, "step-after", time.seconds))],
  });
}

/** The share of all requests that were answered within x seconds, over all seeds; dropped ones never are. */
export function answeredChart(policies: readonly PolicyRuns[], width: number): string {
  const sla = policies[0]?.summary.sla_s ?? 0;
  const styles = policyStyles(policies.map(({ summary }) => summary.policy));
  const pooled = policies.map(({ summary, runs }) => ({
    policy: summary.policy,
    latencies: pool(runs.map((run) => run.latencies)),
    offered: runs.reduce((sum, run) => sum + run.requests.offered, 0),
  }));
  // The last thousandth would squeeze the rest together.
  const slowest = Math.max(0, ...pooled.map(({ latencies }) => percentile(latencies, 0.999) ?? 0));
  const end = Math.max(1.2 * sla, Math.min(slowest, 3 * sla));
  const lines = pooled
    .filter(({ offered }) => offered > 0)
    .map(({ policy, latencies, offered }): Line => ({
      name: policy,
      points: answeredWithin(latencies, offered, end).map(({ x, y }) => ({ x, y: (y ?? 0) * 100 })),
      style: styleOf(styles, policy),
    }));
  return draw(width, [...lines, slaLine(sla)], findings.answered(policies), "Answered within x seconds (% of all)", {
    x: { label: "Latency (s)", domain: [0, end] },
    y: { domain: [0, 100] },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.4 }),
      Plot.ruleX([sla], slaStroke),
      lines.map((line) => lineMark(line, "linear", 1)),
    ],
  });
}

/** Accuracy against cost, one labelled point per policy, with the 95 % intervals over seeds. */
export function tradeOffChart(policies: readonly PolicyRuns[], width: number): string {
  const styles = policyStyles(policies.map(({ summary }) => summary.policy));
  const points = policies.flatMap(({ summary: { policy, cost_cores, accuracy, ci95 } }) =>
    cost_cores === null || accuracy === null
      ? []
      : [{ policy, x: cost_cores, y: accuracy, dx: ci95.cost_cores ?? 0, dy: ci95.accuracy ?? 0 }],
  );
  const spanX = span(points.flatMap(({ x, dx }) => [x - dx, x + dx]));
  const spanY = span(points.flatMap(({ y, dy }) => [y - dy, y + dy]));
  return draw(width, [], findings.tradeOff(policies), "Accuracy (mean over served requests)", {
    x: { label: "Cost (cores)", nice: true, domain: spanX },
    y: { nice: true, domain: spanY },
    inset: 22,
    grid: true,
    marks: points.map((point) => {
      const { colour, symbol } = styleOf(styles, point.policy);
      const place = (point.x - spanX[0]) / (spanX[1] - spanX[0]);
      // A neighbour close above would be written over.
      const crowded = points.some(
        (other) =>
          other !== point &&
          other.y >= point.y &&
          Math.abs(other.x - point.x) < 0.2 * (spanX[1] - spanX[0]) &&
          other.y - point.y < 0.15 * (spanY[1] - spanY[0]) &&
          (other.y > point.y || points.indexOf(other) < points.indexOf(point)),
      );
      return [
        Plot.ruleX([point], { x: "x", y1: point.y - point.dy, y2: point.y + point.dy, stroke: colour }),
        Plot.ruleY([point], { y: "y", x1: point.x - point.dx, x2: point.x + point.dx, stroke: colour }),
        Plot.dot([point], { x: "x", y: "y", r: 6, symbol, fill: colour }),
        Plot.text([point], {
          x: "x",
          y: "y",
          text: "policy",
          dy: crowded ? 16 : -16,
          textAnchor: place < 0.15 ? "start" : place > 0.85 ? "end" : "middle",
          fontWeight: 600,
        }),
      ];
    }),
  });
}

interface OverTime {
  readonly finding: string;
  readonly label: string;
  readonly of: (row: IntervalRow) => number | null;
  readonly join?: "mean" | "max";
  readonly y: Plot.ScaleOptions;
  readonly marks?: readonly Plot.Markish[];
  /** What a mark that is no policy's line means. */
  readonly reference?: Line;
}

function overTime(policies: readonly PolicyRuns[], width: number, chart: OverTime): string {
  const { finding, label, of, join, y, marks = [], reference } = chart;
  const styles = policyStyles(policies.map(({ summary }) => summary.policy));
  const time = timeUnit(Math.max(0, ...policies.map((policy) => drawnIntervals(policy).at(-1)?.to ?? 0)));
  const lines = policies.map((policy): Line => ({
    name: policy.summary.policy,
    points: steps(drawnIntervals(policy), of, join),
    style: styleOf(styles, policy.summary.policy),
  }));
  const base = y.zero === true ? [Plot.ruleY([0], { strokeOpacity: 0.4 })] : [];
  return draw(width, reference === undefined ? lines : [...lines, reference], finding, label, {
    x: { label: time.label },
    y: { nice: true, ...y },
    marks: [...base, ...marks, lines.map((line) => lineMark(line, "step-after", time.seconds))],
  });
}

function slaLine(sla: number): Line {
  return { name: `SLA ${sla} s`, points: [], style: { colour: "currentColor", dash: slaStroke.strokeDasharray } };
}

function lineMark({ points, style }: Line, curve: "step-after" | "linear", secondsPerUnit: number): Plot.Markish {
  return Plot.line(points, {
    x: (point: Point) => point.x / secondsPerUnit,
    y: "y",
    curve,
    stroke: style.colour,
    strokeWidth: 2,
    ...(style.dash === "" ? {} : { strokeDasharray: style.dash }),
  });
}

/** The frame that all charts share: the axis' name, the legend below it, the plot, and a name for screen readers. */
function draw(
  width: number,
  lines: readonly Line[],
  finding: string,
  yLabel: string,
  options: Plot.PlotOptions,
): string {
  const legend = legendOf(lines, width);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    document,
    width,
    height: Math.round(Math.min(300, 200 + width / 5)) + legend.height,
    marginTop: LINE_HEIGHT + legend.height + 12,
    marginLeft: 48,
    marginRight: 16,
    marginBottom: 44,
    ...options,
    x: { labelAnchor: "center", labelArrow: "none", ...options.x },
    y: { grid: true, label: yLabel, labelArrow: "none", ticks: 5, ...options.y },
    style: { fontSize: `${FONT_SIZE}px` },
  });
  // Plot's own style sheet assumes a white page.
  svg.querySelector("style")?.remove();
  svg.removeAttribute("class");
  // Written here, because linkedom leaves & and < in attributes as they are, which no XML parser takes.
  const named = `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeText(finding)}"`;
  return svg.outerHTML.replace(/^<svg/, () => named).replace(/<\/svg>$/, () => `${legend.svg}</svg>`);
}

/** A sample and a name per line, below the name of the axis; in rows as wide as the chart. */
function legendOf(lines: readonly Line[], width: number): { readonly svg: string; readonly height: number } {
  let [x, row] = [0, 0];
  const entries = lines.map(({ name, style }) => {
    // Half the font size is a generous mean width of a character.
    const entryWidth = SAMPLE_WIDTH + 6 + name.length * FONT_SIZE * 0.56 + 11;
    if (x > 0 && x + entryWidth > width - 8) [x, row] = [0, row + 1];
    const [left, y] = [x + 4, LINE_HEIGHT * (row + 1) + 10];
    x += entryWidth;
    const dash = style.dash === "" ? "" : ` stroke-dasharray="${style.dash}"`;
    return (
      `<line x1="${left}" x2="${left + SAMPLE_WIDTH}" y1="${y}" y2="${y}" stroke="${style.colour}" stroke-width="2.5"${dash}/>` +
      `<text x="${left + SAMPLE_WIDTH + 6}" y="${y}" dy="0.35em">${escapeText(name)}</text>`
    );
  });
  return {
    svg: `<g aria-hidden="true" text-anchor="start">${entries.join("")}</g>`,
    height: lines.length === 0 ? 0 : LINE_HEIGHT * (row + 1),
  };
}

function styleOf(styles: ReadonlyMap<string, PolicyStyle>, policy: string): PolicyStyle {
  return styles.get(policy) ?? { colour: "currentColor", dash: "", symbol: "circle" };
}

/** The unit in which a time axis of this many seconds is read. */
function timeUnit(duration: number): { readonly seconds: number; readonly label: string } {
  if (duration > 4 * 86_400) return { seconds: 86_400, label: "Time (days)" };
  if (duration > 4 * 3600) return { seconds: 3600, label: "Time (hours)" };
  if (duration > 20 * 60) return { seconds: 60, label: "Time (minutes)" };
  return { seconds: 1, label: "Time (s)" };
}

/** The ends of the values, never the same, so that a lone point has a scale. */
function span(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (high > low) return [low, high];
  const room = Math.abs(low) * 0.1 || 1;
  return [low - room, high + room];
}

function pool(parts: readonly Float64Array[]): Float64Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
