import { InvalidArgumentError, Option } from "commander";
import { parseNumber } from "../formats/quantity.ts";

/** No load is as great, requests per second. */
export const MOST_RPS = 1e9;

/** A commander parser for a number in a range; what is out of it ends with exit code 2. */
export function numberIn(least: number, most = Infinity, whole = false): (text: string) => number {
  const kind = whole ? "a whole number" : "a number";
  const range =
    most === Infinity
      ? `of at least ${least}`
      : `from ${least} to ${most >= 1e6 ? most.toExponential().replace("+", "") : most}`;
  return (text) => {
    const value = parseNumber(text);
    if (Number.isNaN(value) || value < least || value > most || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Give ${kind} ${range}.`);
    }
    return value;
  };
}

/** An option whose values are the keys of a table of named parts, each explained in the help. */
export function choiceOption(
  flags: string,
  what: string,
  table: Readonly<Record<string, { readonly describes: string }>>,
): Option {
  const lines = Object.entries(table).map(([name, { describes }]) => `${name}: ${describes}`);
  return new Option(flags, `${what}; ${lines.join("; ")}`).choices(Object.keys(table));
}

/** The same for several values. Commander takes all words that follow as such values, hence the hint. */
export function choicesOption(
  flags: string,
  what: string,
  table: Readonly<Record<string, { readonly describes: string }>>,
): Option {
  const known = Object.keys(table);
  const option = choiceOption(flags, what, table);
  const { parseArg } = option;
  return option.argParser((text: string, before: unknown) => {
    if (known.includes(text)) return parseArg?.(text, before);
    throw new InvalidArgumentError(
      `Known are ${known.join(", ")}. If it is the pipeline file, put it before the options.`,
    );
  });
}
