import { InvalidArgumentError, Option } from "commander";

/** A commander parser for a number in a range; what is out of it ends with exit code 2. */
export function numberIn(least: number, most = Infinity, whole = false): (text: string) => number {
  const kind = whole ? "a whole number" : "a number";
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || value < least || value > most || (whole && !Number.isInteger(value))) {
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
