import { policyKinds } from "../core/policies.ts";

/** How one policy looks in every chart and in the table: told apart by colour, and also without it. */
export interface PolicyStyle {
  /** A CSS colour: a variable that a page may set per theme, with a value for a chart that stands alone. */
  readonly colour: string;
  /** `stroke-dasharray`; empty for a solid line. */
  readonly dash: string;
  readonly symbol: "circle" | "square" | "triangle" | "diamond" | "star" | "cross" | "wye" | "hexagon";
}

/**
 * Okabe & Ito's colour-blind-safe palette, without its yellow and black, which one of the two themes swallows; and a grey.
 * The first four contrast at least 3:1 with a white and with a near-black page.
 */
export const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"] as const;

const dashes = ["", "7 3", "2 2.5", "9 3 2 3", "12 4", "4 2", "1 4", "14 3 4 3"] as const;
const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "hexagon"] as const;

/** A style per policy: the known ones always look the same, others take the places that are left. */
export function policyStyles(policies: readonly string[]): ReadonlyMap<string, PolicyStyle> {
  const known = Object.keys(policyKinds);
  const others = policies.filter((policy) => !known.includes(policy));
  const order = [...known, ...new Set(others)];
  return new Map(policies.map((policy) => [policy, styleAt(order.indexOf(policy))]));
}

/** The style of the place-th of several things. */
export function styleAt(place: number): PolicyStyle {
  const colour = place % palette.length;
  return {
    colour: `var(--policy-${colour + 1}, ${palette[colour] ?? "currentColor"})`,
    dash: dashes[place % dashes.length] ?? "",
    symbol: symbols[place % symbols.length] ?? "circle",
  };
}
