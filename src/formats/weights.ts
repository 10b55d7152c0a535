import { InputError } from "../core/errors.ts";
import type { LstmSum, LstmWeights } from "../core/predictors/lstm.ts";

/** Reads the trained weights of the LSTM (weights/README.md); an InputError says what has the wrong shape. */
export function parseLstm(text: string, path: string): LstmWeights {
  const wrong = (what: string): never => {
    throw new InputError("bad_value", `${path}: ${what}. Train again, or name another file.`);
  };
  const object = (value: unknown, where: string): Readonly<Record<string, unknown>> =>
    typeof value === "object" && value !== null ? { ...value } : wrong(`${where} should be an object`);
  const list = (value: unknown, where: string): readonly unknown[] =>
    Array.isArray(value) && value.length > 0 ? value : wrong(`${where} should be a list, and not empty`);
  const number = (value: unknown, where: string): number =>
    typeof value === "number" && Number.isFinite(value) ? value : wrong(`${where} should be a number`);

  const file = object(json(text, path), "the file");
  const cells = list(file["cells"], "cells");
  const sum = (value: unknown, where: string): LstmSum => {
    const of = object(value, where);
    const recurrent = list(of["recurrent"], `${where}.recurrent`);
    if (recurrent.length !== cells.length)
      wrong(`${where}.recurrent has ${recurrent.length} numbers for ${cells.length} cells`);
    return {
      input: number(of["input"], `${where}.input`),
      recurrent: recurrent.map((weight, i) => number(weight, `${where}.recurrent[${i}]`)),
      bias: number(of["bias"], `${where}.bias`),
    };
  };
  return {
    cells: cells.map((value, i) => {
      const where = `cells[${i}]`;
      const cell = object(value, where);
      return {
        inputGate: sum(cell["inputGate"], `${where}.inputGate`),
        forgetGate: sum(cell["forgetGate"], `${where}.forgetGate`),
        candidate: sum(cell["candidate"], `${where}.candidate`),
        outputGate: sum(cell["outputGate"], `${where}.outputGate`),
        weight: number(cell["weight"], `${where}.weight`),
      };
    }),
    bias: number(file["bias"], "bias"),
  };
}

function json(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError("bad_syntax", `${path}: this is no JSON (${String(error)}). Name another file.`);
  }
}
