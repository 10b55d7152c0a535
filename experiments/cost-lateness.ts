// How late requests are, against what that costs: a curve per predictor over its margins.
import { pointsFigure } from "../src/report/figures.ts";

export interface CostLateness {
  /** What the curve is called. */
  readonly name: string;
  readonly margin: number;
  readonly cores: number;
  /** A share. */
  readonly late: number;
}

/** As SVG; what is never late has no place on the logarithmic axis, and is left out. */
export function costLatenessFigure(pipeline: string, points: readonly CostLateness[]): string {
  const names = [...new Set(points.map(({ name }) => name))];
  return pointsFigure(
    {
      finding: `${pipeline}: late requests against cores, one symbol per predictor and a point per margin`,
      x: "Cost (cores)",
      y: "Late requests (%)",
      width: 560,
      logarithmicY: true,
    },
    names.map((name) => ({
      name,
      points: points
        .filter((point) => point.name === name && point.late > 0)
        .map(({ margin, cores, late }) => ({ x: cores, y: 100 * late, label: String(Number(margin.toFixed(2))) })),
    })),
  );
}
