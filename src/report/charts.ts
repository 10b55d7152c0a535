import { percentile } from "../core/percentile.ts";
import type { IntervalRow } from "../core/run-log.ts";
import type { SweepRow } from "../core/sweep-row.ts";
import { placeLabels } from "./labels.ts";
import type { Entry } from "./legend.ts";
import { draw, heightOf, margins, Plot, SCATTER_INSET } from "./frame.ts";
import { logarithmicTicks, span, timeUnit } from "./scales.ts";
import type { FrontierReport } from "./frontier.ts";
import { drawnIntervals, findings, observedLoad, type PolicyRuns } from "./findings.ts";
import { answeredWithin, pool, steps, type Point } from "./series.ts";
import { palette, policyStyles, styleAt, type PolicyStyle } from "./styles.ts";
import { curvesOf, settingsOf, type Curve, type CurvePoint } from "./sweep.ts";

// Every function returns an SVG that stands alone and takes its text colour from where it is put.

const slaStroke = { stroke: "currentColor", strokeDasharray: "3 3", strokeWidth: 1.5 };

interface Line extends Entry {
  readonly points: readonly Point[];
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
    label: `Accuracy (${policies[0]?.summary.accuracy_metric ?? "the objective's metric"})`,
    of: (row) => row.accuracy,
    y: { domain: span(policies.flatMap(drawnIntervals).map((row) => row.accuracy)) },
  });
}

/** The 99th percentile of latency per interval, with the SLA; a logarithmic scale where it is exceeded far. */
export function latencyChart(policies: readonly PolicyRuns[], width: number): string {
  const sla = policies[0]?.summary.sla_s ?? 0;
  const known = policies.flatMap(drawnIntervals).flatMap((row) => row.latencyP99 ?? []);
  const greatest = known.reduce((most, p99) => Math.max(most, p99), sla);
  const least = known.reduce((least, p99) => Math.min(least, p99), sla);
  const logarithmic = greatest > 10 * sla && least > 0;
  return overTime(policies, width, {
    finding: findings.latency(policies),
    label: `99th percentile of latency (s${logarithmic ? ", logarithmic" : ""})`,
    of: (row) => row.latencyP99,
    join: "max",
    y: logarithmic
      ? { type: "log", nice: false, ticks: logarithmicTicks(least, greatest), tickFormat: String }
      : { zero: true },
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
    {
      name: "arrived (mean of the interval)",
      points: steps(rows, observedLoad),
      style: { colour: "currentColor", dash: "" },
    },
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

/**
 * Accuracy against cost, one point per policy, with the 95 % intervals over seeds. Points carry their
 * names; where those would cover each other, a legend does.
 */
export function tradeOffChart(policies: readonly PolicyRuns[], width: number): string {
  const styles = policyStyles(policies.map(({ summary }) => summary.policy));
  const points = policies.flatMap(({ summary: { policy, cost_cores, accuracy, ci95 } }) =>
    cost_cores === null || accuracy === null
      ? []
      : [{ policy, x: cost_cores, y: accuracy, dx: ci95.cost_cores ?? 0, dy: ci95.accuracy ?? 0 }],
  );
  const spanX = span(points.flatMap(({ x, dx }) => [x - dx, x + dx]));
  const spanY = span(points.flatMap(({ y, dy }) => [y - dy, y + dy]));
  const inside = {
    width: width - margins.left - margins.right - 2 * SCATTER_INSET,
    height: heightOf(width) - margins.top - margins.bottom - 2 * SCATTER_INSET,
  };
  const placements = placeLabels(
    points.map(({ policy, x, y }) => ({
      name: policy,
      x: margins.left + SCATTER_INSET + ((x - spanX[0]) / (spanX[1] - spanX[0])) * inside.width,
      y: ((spanY[1] - y) / (spanY[1] - spanY[0])) * inside.height,
    })),
    width,
  );
  const legend = placements === null ? points.map(({ policy }) => entryOf(policy, styleOf(styles, policy))) : [];
  return draw(width, legend, findings.tradeOff(policies), "Accuracy (mean over served requests)", {
    x: { label: "Cost (cores)", domain: spanX, ticks: width / 90 },
    y: { domain: spanY },
    inset: SCATTER_INSET,
    grid: true,
    marks: points.map((point, p) => {
      const { colour, symbol } = styleOf(styles, point.policy);
      const placement = placements?.[p];
      return [
        Plot.ruleX([point], { x: "x", y1: point.y - point.dy, y2: point.y + point.dy, stroke: colour }),
        Plot.ruleY([point], { y: "y", x1: point.x - point.dx, x2: point.x + point.dx, stroke: colour }),
        Plot.dot([point], { x: "x", y: "y", r: 6, symbol, fill: colour }),
        placement && Plot.text([point], { x: "x", y: "y", text: "policy", ...placement, fontWeight: 600 }),
      ];
    }),
  });
}

/** All trade-offs between accuracy and cost as steps; filled where some weights choose them. */
export function frontierChart(report: FrontierReport, width: number): string {
  const points = report.points.map((point) => ({ ...point, x: point.cost_cores, y: point.accuracy }));
  const [colour] = palette;
  const supported = points.filter(({ optimal }) => optimal !== "never").length;
  const finding = `${points.length} trade-offs of ${report.pipeline} at ${report.load_rps} rps, ${supported} of them best for some weights.`;
  const entries: Entry[] = [
    { name: "best for some weights", style: { colour, dash: "" }, symbol: "circle" },
    { name: "for no weights", style: { colour: "currentColor", dash: "" }, symbol: "diamond" },
  ];
  return draw(width, entries, finding, `Accuracy (${report.accuracy_metric})`, {
    x: { label: "Cost (cores)", domain: span(points.map(({ x }) => x)) },
    y: { domain: span(points.map(({ y }) => y)) },
    inset: SCATTER_INSET,
    grid: true,
    marks: [
      Plot.line(points, { x: "x", y: "y", curve: "step-after", stroke: "currentColor", strokeOpacity: 0.4 }),
      Plot.dot(points, {
        x: "x",
        y: "y",
        r: 5,
        symbol: (point: (typeof points)[number]) => (point.optimal === "never" ? "diamond" : "circle"),
        fill: (point: (typeof points)[number]) => (point.optimal === "never" ? "currentColor" : colour),
      }),
    ],
    color: { type: "identity" },
    symbol: { type: "identity" },
  });
}

/** Accuracy against cost: a curve per policy and whatever else was swept, along the weights or the SLA; means over the seeds. */
export function sweepChart(sweep: string, rows: readonly SweepRow[], width: number): string {
  const settings = settingsOf(rows);
  const curves = curvesOf(settings);
  const style = curveStyles(curves);
  const points = curves.flatMap((curve) => curve.points);
  const finding = `${sweep}: accuracy and cost of ${settings.settings.length} settings${settings.seeds > 1 ? `, means over ${settings.seeds} seeds` : ""}.`;
  return draw(width, curves.map(style), finding, "Accuracy (mean over served requests)", {
    x: { label: "Cost (cores)", domain: span(points.map(({ x }) => x)), ticks: width / 90 },
    y: { domain: span(points.map(({ y }) => y)) },
    inset: SCATTER_INSET,
    grid: true,
    marks: [
      ...curves.map((curve) => {
        const {
          style: { colour, dash },
          symbol,
        } = style(curve);
        return [
          lineMark({ points: curve.points, style: { colour, dash } }, "linear", 1),
          Plot.dot(curve.points, { x: "x", y: "y", r: 4.5, symbol, fill: colour, title: "label" }),
        ];
      }),
      // The ends of one curve say which way it goes; more names would cover each other.
      ...endLabels(curves[0]?.points ?? []),
    ],
  });
}

function endLabels(points: readonly CurvePoint[]): readonly Plot.Markish[] {
  const ends = points.length < 2 ? [] : [points.slice(0, 1), points.slice(-1)];
  return ends.map((end, e) => Plot.text(end, { x: "x", y: "y", text: "label", dy: e === 0 ? 18 : -14 }));
}

/** Colours tell policies apart, dashes and symbols the rest; where only one of the two varies it has both. */
function curveStyles(curves: readonly Curve[]): (curve: Curve) => Entry & Required<Pick<Entry, "symbol">> {
  const [policies, rests] = [
    [...new Set(curves.map(({ policy }) => policy))],
    [...new Set(curves.map(({ rest }) => rest))],
  ];
  const byPolicy = policyStyles(policies);
  return ({ policy, rest }) => {
    const [ofPolicy, ofRest] = [styleOf(byPolicy, policy), styleAt(rests.indexOf(rest))];
    const { colour } = policies.length > 1 ? ofPolicy : ofRest;
    const { dash, symbol } = rests.length > 1 ? ofRest : ofPolicy;
    const name = [policies.length > 1 || rest === "" ? policy : "", rest].filter((part) => part !== "").join(", ");
    return { name, style: { colour, dash }, symbol };
  };
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

function lineMark(
  { points, style }: Omit<Line, "name">,
  curve: "step-after" | "linear",
  secondsPerUnit: number,
): Plot.Markish {
  return Plot.line(points, {
    x: (point: Point) => point.x / secondsPerUnit,
    y: "y",
    curve,
    stroke: style.colour,
    strokeWidth: 2,
    ...(style.dash === "" ? {} : { strokeDasharray: style.dash }),
  });
}

function entryOf(policy: string, { colour, dash, symbol }: PolicyStyle): Entry {
  return { name: policy, style: { colour, dash }, symbol };
}

function styleOf(styles: ReadonlyMap<string, PolicyStyle>, policy: string): PolicyStyle {
  return styles.get(policy) ?? { colour: "currentColor", dash: "", symbol: "circle" };
}
