import { readFile } from "node:fs/promises";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { loadFromCounters, type LabelledSeries, type LoadWanted, type MeasuredLoad } from "../../core/counters.ts";
import { InputError } from "../../core/errors.ts";
import { checkSelector } from "../../formats/selector.ts";

/** The raw samples of the counters of a selector in the `seconds` up to `at` (Unix seconds). Rejects with `Unreachable`. */
export type QuerySamples = (
  selector: string,
  seconds: number,
  at: number,
  signal: AbortSignal,
  budget?: Budget,
) => Promise<readonly LabelledSeries[]>;

/** What the answers to several queries may have together; it is used up as they come. */
export interface Budget {
  bytes: number;
}

export interface PrometheusOptions {
  /** Address with which those of its API begin. */
  readonly url: string;
  /** Certificates to trust instead of the system's, PEM. */
  readonly caFile?: string;
  /** Holds a bearer token. It is read for every query, since tokens are renewed. */
  readonly tokenFile?: string;
  readonly timeoutSeconds: number;
  /** Most bytes of an answer. */
  readonly maxBytes: number;
}

/** There is no whole answer; the message says why, and holds no token. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Asks a Prometheus, or what speaks its HTTP API. An InputError if the address is none. */
export function prometheus({ url, caFile, tokenFile, timeoutSeconds, maxBytes }: PrometheusOptions): QuerySamples {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new InputError("bad_value", `${url}: this is no address of a Prometheus. Give one such as http://host:9090.`);
  }
  return async (selector, seconds, at, signal, budget = { bytes: Infinity }) => {
    const fault = checkSelector(selector);
    if (fault !== null) throw new Unreachable(`the selector ${fault}`);
    const [ca, token] = await Promise.all([readSetting(caFile), readSetting(tokenFile)]);
    const query = new URL(`${url.replace(/\/+$/, "")}/api/v1/query`);
    // A range in an instant query gives the samples as they are; a range query would give them at other instants.
    query.searchParams.set("query", `${selector.trim()}[${Math.ceil(seconds)}s]`);
    query.searchParams.set("time", at.toFixed(3));
    const deadline = AbortSignal.timeout(1000 * timeoutSeconds);
    try {
      const response = await ask(query, { ca, token, signal: AbortSignal.any([signal, deadline]) });
      return seriesOf(response.statusCode ?? 0, await textOf(response, maxBytes, budget));
    } catch (error) {
      signal.throwIfAborted();
      const reason = deadline.aborted ? `no whole answer within ${timeoutSeconds} s` : messageOf(error);
      // What answers may say back what it was told.
      const safe = token === null ? reason : reason.replaceAll(token, "…");
      throw new Unreachable(`${query.origin}${query.pathname}: ${safe}`);
    }
  };
}

/** A scrape at the window's beginning, and the time that a fresh series may lag behind, scrape intervals. */
const EARLIER = 5;

/** The load that a selector shows at an instant, or why it shows none. */
export async function measureLoad(
  query: QuerySamples,
  selector: string,
  at: number,
  want: LoadWanted,
  signal: AbortSignal,
): Promise<MeasuredLoad> {
  try {
    // Scrape intervals that are longer than the load window are of no use.
    const series = await query(selector, want.history + EARLIER * want.loadWindow, at, signal);
    const measured = loadFromCounters(
      series.map(({ samples }) => samples),
      at,
      want,
    );
    return "load" in measured
      ? measured
      : { ...measured, message: `${measured.message} (selector ${selector.trim()})` };
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return { problem: "Unreachable", message: error.message };
  }
}

async function readSetting(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Unreachable(`${path}: cannot be read (${messageOf(error)}). Check the path and its permissions.`);
  });
  if (text.trim() === "") throw new Unreachable(`${path}: is empty. Give a file that holds something, or none.`);
  return text.trim();
}

interface Asking {
  readonly ca: string | null;
  readonly token: string | null;
  readonly signal: AbortSignal;
}

/** The answer's beginning. Redirects are not followed: a token is for the address that was given. */
function ask(url: URL, { ca, token, signal }: Asking): Promise<IncomingMessage> {
  const headers = { accept: "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? getHttps(url, { headers, signal, ...(ca === null ? {} : { ca }) }, resolve)
        : getHttp(url, { headers, signal }, resolve);
    request.on("error", reject);
  });
}

async function textOf(response: IncomingMessage, maxBytes: number, budget: Budget): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  // Leaving the loop early ends the connection.
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes: select fewer series`);
    budget.bytes -= part.length;
    if (budget.bytes < 0) throw new Error("the answers have too many bytes together: select fewer series");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What an answer of the API holds (https://prometheus.io/docs/prometheus/latest/querying/api/). */
interface Answer {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly warnings?: unknown;
  readonly data?: { readonly resultType?: unknown; readonly result?: unknown };
}

/** Longest part of an error of others that is told, characters. */
const TOLD = 200;

function seriesOf(status: number, text: string): readonly LabelledSeries[] {
  const answer = parse(text);
  if (typeof answer?.error === "string") throw new Error(`status ${status}: ${answer.error.slice(0, TOLD)}`);
  if (status >= 300 && status < 400) throw new Error(`status ${status}: redirects are not followed; give the address`);
  if (status !== 200) throw new Error(`status ${status}`);
  const { data, warnings } = answer ?? {};
  // Of stores that did not answer, as Thanos has it: what is missing would be taken for less load.
  if (Array.isArray(warnings) && warnings.length > 0) {
    throw new Error(`the answer may not be whole: ${String(warnings[0]).slice(0, TOLD)}`);
  }
  if (answer?.status !== "success" || data?.resultType !== "matrix" || !Array.isArray(data.result)) {
    throw new Error("the answer is not one of Prometheus's HTTP API; check the address");
  }
  return data.result.map(countsOf);
}

function parse(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function countsOf(series: unknown): LabelledSeries {
  const { metric, values } = (series ?? {}) as { readonly metric?: unknown; readonly values?: unknown };
  // Native histograms have no values.
  if (!Array.isArray(values)) throw new Error("the selector is of something that is no counter; select a counter");
  const samples = values.map((sample: unknown) => {
    const [at, value] = Array.isArray(sample) ? (sample as readonly unknown[]) : [];
    if (typeof at !== "number" || typeof value !== "string") throw new Error("the answer has a sample that is none");
    return { at, value: numberOf(value) };
  });
  return { labels: labelsOf(metric), samples };
}

function labelsOf(metric: unknown): Readonly<Record<string, string>> {
  const entries = typeof metric === "object" && metric !== null ? Object.entries(metric) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** A number as Prometheus writes it; NaN of what is none. */
function numberOf(text: string): number {
  if (/^[+-]Inf$/.test(text)) return text === "+Inf" ? Infinity : -Infinity;
  return text.trim() === "" ? NaN : Number(text);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : null;
  // OpenSSL's own words are of its source files.
  if (code === "EPROTO") return "no TLS is spoken there: https was asked of a server that speaks http?";
  if (code === "ECONNREFUSED" || code === "ENOTFOUND") return `${wordsOf(error)}: is it up, and is --prometheus right?`;
  return wordsOf(error);
}

function wordsOf(error: Error): string {
  // Of a host with several addresses, none of which answers, Node says it only in the parts.
  return error.message || (error instanceof AggregateError ? error.errors.map(String).join(", ") : error.name);
}
