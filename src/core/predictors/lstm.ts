import type { LoadSeries } from "../cluster.ts";
import { InputError } from "../errors.ts";
import { measured, type Knowledge, type Predictor } from "./predictor.ts";

/** What a cell adds up: its share of the input, of each cell's last output, and a constant. */
export interface LstmSum {
  readonly input: number;
  readonly recurrent: readonly number[];
  readonly bias: number;
}

export interface LstmCell {
  readonly inputGate: LstmSum;
  readonly forgetGate: LstmSum;
  readonly candidate: LstmSum;
  readonly outputGate: LstmSum;
  /** Its share in what the network says. */
  readonly weight: number;
}

/** A trained network: one layer of LSTM cells (Hochreiter and Schmidhuber, 1997) and a linear output. */
export interface LstmWeights {
  readonly cells: readonly LstmCell[];
  readonly bias: number;
}

const CHUNK = 10;
const CHUNKS = 12;

/**
 * The paper's predictor: a network that looks at the greatest load of each 10 s of the last two minutes, and was trained
 * to tell the greatest of the next 20 s, whatever the horizon. Until there are twelve such chunks: the greatest load seen.
 */
export function lstm({ lstm: weights }: Knowledge): Predictor {
  if (weights === undefined) {
    throw new InputError("not_supported", 'predictor "lstm" needs its weights; give them, or choose another predictor');
  }
  return (load) => {
    const known = measured(load);
    if (known === null) return null;
    const maxima = chunkMaxima(load).slice(-CHUNKS);
    if (maxima.length < CHUNKS || maxima.includes(-Infinity)) return Math.max(...known);
    const predicted = lstmOutput(weights, maxima);
    // Far from what it was trained on, a network with unbounded cells may say anything.
    return Number.isFinite(predicted) ? Math.max(0, predicted) : Math.max(...known);
  };
}

/** Of each 10 s from the series' start, as the paper counts them: the last may be cut short. −Infinity where all is missing. */
function chunkMaxima({ rates, step }: LoadSeries): readonly number[] {
  const size = Math.round(CHUNK / step);
  if (Math.abs(size * step - CHUNK) > 1e-9 * CHUNK) {
    throw new InputError(
      "bad_value",
      `predictor "lstm" looks at ${CHUNK} s at a time, which windows of ${step} s do not fill. Choose a loadWindow that divides ${CHUNK} s.`,
    );
  }
  return Array.from({ length: Math.ceil(rates.length / size) }, (_, i) =>
    Math.max(...rates.slice(i * size, (i + 1) * size).filter((rate) => rate !== null)),
  );
}

/** What the network says after a series of inputs. The paper's cells rectify where textbook ones take tanh. */
export function lstmOutput({ cells, bias }: LstmWeights, inputs: readonly number[]): number {
  const memory = cells.map(() => 0);
  let outputs = cells.map(() => 0);
  for (const input of inputs) {
    const sum = (of: LstmSum): number => of.bias + of.input * input + product(of.recurrent, outputs);
    outputs = cells.map(({ inputGate, forgetGate, candidate, outputGate }, i) => {
      const kept = sigmoid(sum(forgetGate)) * (memory[i] ?? 0) + sigmoid(sum(inputGate)) * rectified(sum(candidate));
      memory[i] = kept;
      return sigmoid(sum(outputGate)) * rectified(kept);
    });
  }
  const weights = cells.map(({ weight }) => weight);
  return bias + product(weights, outputs);
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function rectified(x: number): number {
  return Math.max(0, x);
}
