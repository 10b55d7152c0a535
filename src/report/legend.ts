import { escapeText } from "./escape.ts";
import type { PolicyStyle } from "./styles.ts";

export const FONT_SIZE = 13;
/** Height of a row of text, pixels; the name of the vertical axis takes the first. */
export const LINE_HEIGHT = 20;
const SAMPLE_WIDTH = 26;

/** What a legend says of a line, or of a point where there is a symbol. */
export interface Entry {
  readonly name: string;
  readonly style: Pick<PolicyStyle, "colour" | "dash">;
  readonly symbol?: PolicyStyle["symbol"];
  /** Only the outline of the symbol. */
  readonly hollow?: boolean;
}

export interface Legend {
  /** Height of the rows, pixels. */
  readonly height: number;
  /** Names and samples of lines, as SVG. */
  readonly svg: string;
  /** Where the symbols of points belong, pixels from the chart's corner. */
  readonly symbols: readonly (Entry & { readonly x: number; readonly y: number })[];
}

/** A sample and a name per entry, below the name of the vertical axis, in rows as wide as the chart. */
export function legendOf(entries: readonly Entry[], width: number): Legend {
  let [x, row] = [0, 0];
  const placed = entries.map((entry) => {
    // A little more than half the font size is a generous mean width of a character.
    const entryWidth = SAMPLE_WIDTH + 6 + entry.name.length * FONT_SIZE * 0.56 + 11;
    if (x > 0 && x + entryWidth > width - 8) [x, row] = [0, row + 1];
    const left = x + 4;
    x += entryWidth;
    return { entry, left, y: LINE_HEIGHT * (row + 1) + 10 };
  });
  return {
    height: entries.length === 0 ? 0 : LINE_HEIGHT * (row + 1),
    svg: `<g aria-hidden="true" text-anchor="start">${placed.map(({ entry, left, y }) => entrySvg(entry, left, y)).join("")}</g>`,
    symbols: placed
      .filter(({ entry }) => entry.symbol !== undefined)
      .map(({ entry, left, y }) => ({ ...entry, x: left + SAMPLE_WIDTH / 2, y })),
  };
}

function entrySvg({ name, style, symbol }: Entry, left: number, y: number): string {
  const dash = style.dash === "" ? "" : ` stroke-dasharray="${style.dash}"`;
  const line = `<line x1="${left}" x2="${left + SAMPLE_WIDTH}" y1="${y}" y2="${y}" stroke="${style.colour}" stroke-width="2.5"${dash}/>`;
  const text = `<text x="${left + SAMPLE_WIDTH + 6}" y="${y}" dy="0.35em">${escapeText(name)}</text>`;
  return symbol === undefined ? line + text : text;
}
