import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeText } from "./escape.ts";
import { FONT_SIZE, legendOf, LINE_HEIGHT, type Entry } from "./legend.ts";

export { Plot };

export const margins = { top: LINE_HEIGHT + 12, right: 22, bottom: 44, left: 48 };
/** Room around the points of a scatter, pixels. */
export const SCATTER_INSET = 22;

/** The frame that all charts share: the axis' name, the legend below it, the plot, and a name for screen readers. */
export function draw(
  width: number,
  entries: readonly Entry[],
  finding: string,
  yLabel: string,
  options: Plot.PlotOptions,
): string {
  const legend = legendOf(entries, width);
  const marginTop = margins.top + legend.height;
  const symbols = legend.symbols.map(({ x, y, symbol, style, hollow = false }) =>
    Plot.dot([0], {
      // Once, and not in each facet.
      facet: "super",
      frameAnchor: "top-left",
      dx: x - margins.left,
      dy: y - marginTop,
      r: 6,
      ...(hollow ? { stroke: style.colour } : { fill: style.colour }),
      ...(symbol === undefined ? {} : { symbol }),
    }),
  );
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    document,
    width,
    height: heightOf(width) + legend.height,
    marginTop,
    marginLeft: margins.left,
    marginRight: margins.right,
    marginBottom: margins.bottom,
    ...options,
    marks: [...(options.marks ?? []), symbols],
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

/** Height of a chart without its legend, pixels. */
export function heightOf(width: number): number {
  return Math.round(Math.min(300, 200 + width / 5));
}
