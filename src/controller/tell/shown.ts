import { numberText } from "../../formats/status.ts";

/** Four digits are as many as people and dashboards want. */
export function shown(value: number): string {
  return numberText(Number(value.toPrecision(4)));
}
