import { InputError, type InputErrorCode } from "../core/errors.ts";

const SHOWN = 10;

/** A place in a text, from 1; nothing is said of what was not read from text. */
export interface Place {
  readonly line?: number;
  readonly column?: number;
}

/** As compilers write it. */
export function placeText(path: string, { line, column }: Place): string {
  return [path, line, column].filter((part) => part !== undefined).join(":");
}

/** What is wrong with one input; all of it is told at once, ten things at most. */
export class Complaints {
  private readonly lines: string[] = [];
  private readonly path: string;
  private code: InputErrorCode = "bad_value";

  constructor(path: string) {
    this.path = path;
  }

  /** `line` and `column` count from 1; `where` is the field; `text` says what is wrong and what to do. */
  add(place: Place, where: string, text: string, code?: InputErrorCode): void {
    const line = [placeText(this.path, place), where, text].filter((part) => part !== "").join(": ");
    if (!this.lines.includes(line)) this.lines.push(line);
    if (code !== undefined) this.code = code;
  }

  get count(): number {
    return this.lines.length;
  }

  throwIfAny(): void {
    if (this.lines.length === 0) return;
    const more = this.lines.length - SHOWN;
    const shown = this.lines.slice(0, SHOWN).join("\n");
    throw new InputError(this.code, more > 0 ? `${shown}\n… and ${more} more like these` : shown);
  }
}
