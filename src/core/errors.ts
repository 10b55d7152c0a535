/** The stable name of what is wrong with an input; programs match on this, never on the text. */
export type InputErrorCode =
  | "missing_file"
  | "wrong_kind"
  | "bad_syntax"
  | "bad_value"
  | "unknown_name"
  | "duplicate"
  | "not_supported";

/**
 * The input cannot be right. The message says what is wrong, where, and what to do;
 * commands print it and exit with 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws an InputError that lists the known names. */
export function unknownName(what: string, name: string, known: readonly string[]): never {
  throw new InputError(
    "unknown_name",
    `there is no ${what} "${name}"; known are ${known.join(", ")}. Use one of these.`,
  );
}

/** The entry of a literal table of named parts, or an InputError that lists what the table has. */
export function lookUp<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  return found ?? unknownName(what, name, Object.keys(table));
}
