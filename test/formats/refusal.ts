import assert from "node:assert/strict";
import { InputError, type InputErrorCode } from "../../src/core/errors.ts";

/** Asserts that an input is refused with a code and a message that matches every pattern; returns the message. */
export function refused(run: () => unknown, code: InputErrorCode, ...patterns: readonly RegExp[]): string {
  try {
    run();
  } catch (error) {
    return refusal(error, code, patterns);
  }
  assert.fail("the input was taken");
}

/** The same for what answers later. */
export async function refusedLater(
  run: () => Promise<unknown>,
  code: InputErrorCode,
  ...patterns: readonly RegExp[]
): Promise<string> {
  const error: unknown = await run().then(
    () => assert.fail("the input was taken"),
    (reason: unknown) => reason,
  );
  return refusal(error, code, patterns);
}

function refusal(error: unknown, code: InputErrorCode, patterns: readonly RegExp[]): string {
  assert.ok(error instanceof InputError, String(error));
  assert.equal(error.code, code, error.message);
  for (const pattern of patterns) assert.match(error.message, pattern);
  // What is wrong, and what to do: each line is whole sentences, and holds no trace of our own confusion.
  const lines = error.message.split("\n").filter((line) => !line.startsWith("… and "));
  for (const line of lines) assert.match(line, /\.$/);
  assert.doesNotMatch(error.message, /undefined|\[object|\n {4}at /);
  return error.message;
}
