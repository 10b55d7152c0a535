import { InputError } from "../core/errors.ts";
import type { Trace } from "../workload/trace.ts";
import { Complaints } from "./complaints.ts";
import { numberCell, readCsv } from "./csv.ts";

/** Reads a trace: rows of `second,rps`, or of `arrival_s`, the exact instants of a log. */
export function parseTrace(text: string, path: string): Trace {
  const name = path.replace(/^.*\//, "").replace(/\.csv$/, "");
  const trace = /^\uFEFF?\s*"?arrival_s\b/.test(text) ? arrivalTrace(text, path, name) : rateTrace(text, path, name);
  const size = trace.kind === "rates" ? trace.rates.length : trace.arrivals.length;
  if (size === 0)
    throw new InputError("bad_value", `${path}: the trace has no rows. Add at least one second, or one arrival.`);
  return trace;
}

function rateTrace(text: string, path: string, name: string): Trace {
  const rows = readCsv(text, path, ["second", "rps"]);
  const complaints = new Complaints(path);
  const rates = rows.map((row, i) => {
    const second = numberCell(row, "second", complaints, { atLeast: 0 });
    if (!Number.isNaN(second) && second !== i) {
      complaints.add(
        { line: row.line },
        "second",
        `is ${second} where ${i} is due. Give every second from 0 once, in order.`,
        "bad_value",
      );
    }
    return numberCell(row, "rps", complaints, { atLeast: 0 });
  });
  complaints.throwIfAny();
  const requests = rates.reduce((a, b) => a + b, 0);
  if (requests > MOST_REQUESTS) {
    throw new InputError(
      "bad_value",
      `${path}: rps: the trace holds ${requests.toPrecision(3)} requests, more than the ${MOST_REQUESTS} that fit into memory. Check the unit (requests per second).`,
    );
  }
  return { kind: "rates", name, rates: Float64Array.from(rates) };
}

/** Each takes eight bytes before anything is simulated. */
const MOST_REQUESTS = 5e8;

/** Arrivals later than this (three years) are times of a clock, not of a trace that begins at 0; seconds. */
const LATEST_ARRIVAL = 1e8;

function arrivalTrace(text: string, path: string, name: string): Trace {
  const complaints = new Complaints(path);
  let last = 0;
  const arrivals = readCsv(text, path, ["arrival_s"]).map((row) => {
    const arrival = numberCell(row, "arrival_s", complaints, { atLeast: 0 });
    if (arrival < last)
      complaints.add({ line: row.line }, "arrival_s", `${arrival} is before the row above. Sort the rows.`);
    if (!Number.isNaN(arrival)) last = arrival;
    return arrival;
  });
  complaints.throwIfAny();
  if (last > LATEST_ARRIVAL) {
    throw new InputError(
      "bad_value",
      `${path}: arrival_s: the last arrival is at ${last} s, as a clock tells it. Subtract the time at which the log begins from every row.`,
    );
  }
  return { kind: "arrivals", name, arrivals: Float64Array.from(arrivals) };
}

/** A trace of rates as a file. */
export function formatTrace(rates: Float64Array): string {
  return `second,rps\n${Array.from(rates, (rate, second) => `${second},${rate}\n`).join("")}`;
}
