import { InputError, type InputErrorCode } from "../core/errors.ts";

const SHOWN = 10;

/** What is wrong with one input; all of it is told at once, ten things at most. */
export class Complaints {
  private readonly lines: string[] = [];
  private readonly path: string;
  private code: InputErrorCode = "bad_value";

  constructor(path: string) {
    this.path = path;
  }

  /** `line` and `column` count from 1; `where` is the field; `text` says what is wrong and what to do. */
  add(
    place: { readonly line?: number; readonly column?: number },
    where: string,
    text: string,
    code?: InputErrorCode,
  ): void {
    const position = [this.path, place.line, place.column].filter((part) => part !== undefined).join(":");
    const line = [position, where, text].filter((part) => part !== "").join(": ");
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
