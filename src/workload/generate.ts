import { InputError } from "../core/errors.ts";
import { exponential, normal, stream } from "./streams.ts";

/** The form of a generated workload. */
export interface TraceForm {
  readonly seconds: number;
  readonly seed: number;
  /** Mean load without bursts, requests per second. */
  readonly mean: number;
  /** The daily swing as a share of the mean, in [0, 1). */
  readonly swing: number;
  /** Standard deviation of the noise as a share of the load. */
  readonly noise: number;
  readonly burstsPerDay: number;
  /** Height of a burst at its peak, as a multiple of the load. */
  readonly burstFactor: number;
  /** Mean time in which a burst decays to 1/e, seconds. */
  readonly burstSeconds: number;
}

/** What the damped Twitter trace looks like, roughly. */
export const twitterStyle: Omit<TraceForm, "seconds" | "seed"> = {
  mean: 8,
  swing: 0.5,
  noise: 0.1,
  burstsPerDay: 40,
  burstFactor: 2,
  burstSeconds: 120,
};

const DAY = 86_400;
/** Correlation of the noise from one second to the next. */
const PERSISTENCE = 0.9;

/**
 * Loads per second in the style of the Twitter trace: a daily sine, noise that lasts (autoregressive of
 * order one), and bursts that rise at once and decay exponentially, at Poisson instants.
 * An InputError names a parameter that is out of range.
 */
export function generateTrace(form: TraceForm): Float64Array {
  check(form);
  const { seconds, seed, mean, swing, noise, burstsPerDay, burstFactor, burstSeconds } = form;
  const shock = normal(stream(seed, "trace", "noise"));
  const gap = exponential(stream(seed, "trace", "burst gaps"));
  const height = exponential(stream(seed, "trace", "burst heights"));
  const rates = new Float64Array(seconds);
  let wander = noise * shock();
  let burst = 0;
  let nextBurst = burstsPerDay > 0 ? (gap() * DAY) / burstsPerDay : Infinity;
  for (let second = 0; second < seconds; second++) {
    for (; nextBurst <= second; nextBurst += (gap() * DAY) / burstsPerDay) burst += (burstFactor - 1) * height();
    const base = mean * (1 + swing * Math.sin((2 * Math.PI * second) / DAY));
    rates[second] = Math.max(0, base * (1 + burst) * (1 + wander));
    wander = PERSISTENCE * wander + Math.sqrt(1 - PERSISTENCE ** 2) * noise * shock();
    burst *= Math.exp(-1 / burstSeconds);
  }
  return rates;
}

function check(form: TraceForm): void {
  const { seconds, mean, swing, noise, burstsPerDay, burstFactor, burstSeconds } = form;
  const rules: readonly (readonly [ok: boolean, name: string, needs: string])[] = [
    [Number.isInteger(seconds) && seconds >= 1, "seconds", "a whole number of at least 1"],
    [mean > 0 && mean < Infinity, "mean", "above 0"],
    [swing >= 0 && swing < 1, "swing", "at least 0 and below 1"],
    [noise >= 0 && noise < Infinity, "noise", "at least 0"],
    [burstsPerDay >= 0 && burstsPerDay <= DAY, "burstsPerDay", "from 0 to 86400"],
    [burstFactor >= 1 && burstFactor < Infinity, "burstFactor", "at least 1"],
    [burstSeconds > 0 && burstSeconds < Infinity, "burstSeconds", "above 0"],
  ];
  const broken = rules.filter(([ok]) => !ok).map(([, name, needs]) => `${name} must be ${needs}`);
  if (broken.length > 0) throw new InputError("bad_value", `a trace cannot be generated: ${broken.join("; ")}.`);
}
