import { draw, Plot, SCATTER_INSET } from "./frame.ts";
import type { Entry } from "./legend.ts";
import { span } from "./scales.ts";
import { palette } from "./styles.ts";

// Charts of any values, for what is no run of policies: each says what it shows, and returns an SVG.

/** What a figure is about, and how its axes are called. */
export interface FigureFrame {
  /** The finding, for those who can't see it. */
  readonly finding: string;
  readonly x: string;
  readonly y: string;
  readonly width: number;
  readonly logarithmicX?: boolean;
  readonly logarithmicY?: boolean;
  /** The vertical axis begins at 0. */
  readonly fromZero?: boolean;
}

export interface Series {
  readonly name: string;
  /** Ascending in x for a line; a null breaks it. */
  readonly points: readonly FigurePoint[];
  /** A thin dashed line: what others measured, or a limit. */
  readonly reference?: boolean;
  /** Thin and pale: noise behind what matters. */
  readonly faint?: boolean;
  /** The series whose colour it takes, as the published line of the same system; its points are hollow. */
  readonly colourOf?: string;
}

export interface FigurePoint {
  readonly x: number;
  readonly y: number | null;
  /** Written beside a point. */
  readonly label?: string;
}

/** Lines over a common axis, straight or in steps. */
export function linesFigure(
  frame: FigureFrame,
  series: readonly Series[],
  curve: "linear" | "step-after" = "linear",
): string {
  const entries = entriesOf(series);
  return draw(frame.width, entries, frame.finding, frame.y, {
    ...axes(frame, series),
    marks: [
      frame.fromZero === true ? Plot.ruleY([0], { strokeOpacity: 0.4 }) : null,
      series.map(({ points, reference, faint }, s) =>
        Plot.line(points, {
          x: "x",
          y: "y",
          curve,
          stroke: entries[s]?.style.colour ?? "currentColor",
          strokeWidth: reference === true || faint === true ? 1.2 : 2,
          strokeOpacity: faint === true ? 0.5 : 1,
          strokeDasharray: entries[s]?.style.dash ?? "",
        }),
      ),
    ],
  });
}

/** Points, a symbol per series, hollow where the colour is another's; a series that is a reference is drawn as a line in steps. */
export function pointsFigure(frame: FigureFrame, series: readonly Series[]): string {
  const entries = entriesOf(series, true);
  const xs = series.flatMap(({ points }) => points.map(({ x }) => x));
  const middle = (Math.min(...xs) + Math.max(...xs)) / 2;
  return draw(frame.width, entries, frame.finding, frame.y, {
    ...axes(frame, series),
    inset: SCATTER_INSET,
    grid: true,
    marks: series.map(({ points, reference }, s) => {
      const { style, symbol = "circle", hollow = false } = entries[s] ?? {};
      const colour = style?.colour ?? "currentColor";
      if (reference === true) {
        return Plot.line(points, {
          x: "x",
          y: "y",
          curve: "step-after",
          stroke: colour,
          strokeDasharray: style?.dash ?? "",
        });
      }
      return [
        Plot.dot(points, {
          x: "x",
          y: "y",
          r: hollow ? 6 : 4.5,
          ...(hollow ? { stroke: colour } : { fill: colour }),
          symbol,
        }),
        ...labelsOf(points, middle),
      ];
    }),
  });
}

/** Names of points, towards the middle of the chart; that of the topmost above it, where there is room. */
function labelsOf(points: readonly FigurePoint[], middle: number): readonly Plot.Markish[] {
  const top = Math.max(...points.map(({ y }) => y ?? -Infinity));
  return points
    .filter(({ label }) => label !== undefined)
    .map((point) => {
      const left = point.x <= middle;
      return Plot.text([point], {
        x: "x",
        y: "y",
        text: "label",
        textAnchor: left ? "start" : "end",
        dx: left ? 8 : -8,
        dy: point.y === top ? -10 : 10,
      });
    });
}

export interface Bar {
  readonly group: string;
  readonly name: string;
  readonly value: number | null;
  /** Half of the 95 % interval. */
  readonly half?: number | null;
  /** The bar whose colour it takes, pale: what others measured. */
  readonly beside?: string;
}

/** Bars side by side in groups, with their 95 % intervals. */
export function barsFigure(frame: Omit<FigureFrame, "logarithmicX">, bars: readonly Bar[]): string {
  const names = [...new Set(bars.map(({ name }) => name))];
  const own = [...new Set(bars.filter(({ beside }) => beside === undefined).map(({ name }) => name))];
  const entries = own.map((name, n): Entry => ({ name, style: { colour: colourAt(n), dash: "" }, symbol: "square" }));
  const known = bars.filter((bar): bar is Bar & { value: number } => bar.value !== null);
  const base = frame.logarithmicY === true ? Math.min(...known.map(({ value }) => value)) / 2 : 0;
  return draw(frame.width, entries, frame.finding, frame.y, {
    x: { axis: null, domain: names },
    fx: { label: frame.x === "" ? null : frame.x, domain: [...new Set(bars.map(({ group }) => group))] },
    y: frame.logarithmicY === true ? { type: "log", ticks: 5 } : {},
    marks: [
      Plot.barY(known, {
        fx: "group",
        x: "name",
        y1: base,
        y2: "value",
        fill: (bar: Bar) => colourAt(own.indexOf(bar.beside ?? bar.name)),
        fillOpacity: (bar: Bar) => (bar.beside === undefined ? 1 : 0.4),
      }),
      Plot.ruleX(
        known.filter(({ half }) => (half ?? 0) > 0),
        { fx: "group", x: "name", y1: (bar) => bar.value - (bar.half ?? 0), y2: (bar) => bar.value + (bar.half ?? 0) },
      ),
      frame.logarithmicY === true ? null : Plot.ruleY([0], { strokeOpacity: 0.4 }),
    ],
    color: { type: "identity" },
  });
}

function axes(frame: FigureFrame, series: readonly Series[]): Plot.PlotOptions {
  const all = series.flatMap(({ points }) => points);
  const xs = all.map(({ x }) => x);
  const ys = all.flatMap(({ y }) => (y === null ? [] : [y]));
  return {
    x: {
      label: frame.x,
      ...(frame.logarithmicX === true ? { type: "log", tickFormat: String } : { domain: span(xs) }),
      ticks: frame.width / 90,
    },
    y:
      frame.logarithmicY === true
        ? { type: "log", tickFormat: String }
        : frame.fromZero === true
          ? { zero: true, nice: true }
          : { domain: span(ys) },
  };
}

const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"] as const;
const dashes = ["", "7 3", "2 2.5", "9 3 2 3", "12 4", "4 2"] as const;

/** Colours in the order of the series; a reference has that of the series it belongs to, and dashes. */
function entriesOf(series: readonly Series[], withSymbols = false): readonly Entry[] {
  const own = series.filter(({ reference, colourOf }) => reference !== true && colourOf === undefined);
  return series.map((one): Entry => {
    const place = own.findIndex(({ name }) => name === (one.colourOf ?? one.name));
    const colour = place < 0 ? "currentColor" : colourAt(place);
    if (one.reference === true) return { name: one.name, style: { colour, dash: "3 3" } };
    const symbol = symbols[place % symbols.length] ?? "circle";
    const dash = withSymbols ? "" : (dashes[place % dashes.length] ?? "");
    return {
      name: one.name,
      style: { colour, dash },
      ...(withSymbols ? { symbol, hollow: one.colourOf !== undefined } : {}),
    };
  });
}

function colourAt(place: number): string {
  const colour = place % palette.length;
  return `var(--policy-${colour + 1}, ${palette[colour] ?? "currentColor"})`;
}
