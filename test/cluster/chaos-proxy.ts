import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as requestHttps, type RequestOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";

// Stands before an API server and, when told to, behaves as networks and busy servers do.

export type Fault =
  /** Not one byte more, and the connection stays open. */
  | { readonly kind: "hang" }
  /** The connection breaks. */
  | { readonly kind: "reset" }
  /** The request is passed on; `answered` is called when the answer is there, which is passed on after that or is lost. */
  | { readonly kind: "answered"; readonly answered: () => void; readonly lost: boolean }
  /** The request is passed on so many seconds later. */
  | { readonly kind: "delay"; readonly seconds: number }
  /** The API server is not asked. */
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter?: number };

/** Which requests; those for which all that is given holds. */
export interface Matching {
  readonly method?: string | RegExp;
  /** Tested on path and query: /\/leases\//, /watch=true/. */
  readonly url?: RegExp;
  /** After so many that are let through. */
  readonly after?: number;
  /** The next so many alone; without it, all until the fault is lifted, and for hang and reset also what is under way. */
  readonly times?: number;
}

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Monotonic, seconds. */
  readonly at: number;
  /** What was answered; null: nothing yet, or never. */
  status: number | null;
}

export interface ChaosProxy {
  /** Path of a kubeconfig with the rights of the one behind it; a client may also bring a token of its own. */
  readonly kubeconfig: string;
  readonly server: string;
  /** PEM file of the proxy's own authority. */
  readonly caFile: string;
  /**
   * Returns what lifts it; a hang or reset that is lifted at once afflicts what is under way alone. Of several that
   * match a new request, the one injected last holds.
   */
  readonly inject: (fault: Fault, matching?: Matching) => () => void;
  /** Lifts all faults. Requests that hang are lost all the same. */
  readonly heal: () => void;
  /** All requests so far, in the order of their coming. */
  readonly requests: () => readonly ProxiedRequest[];
  /** How many TLS connections clients have opened. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

interface Injected {
  readonly fault: Fault;
  readonly matching: Matching;
  /** Still to be let through. */
  ahead: number;
  left: number;
}

/** A request whose answer is not finished. */
interface Exchange {
  readonly request: IncomingMessage;
  hung: boolean;
}

export async function startChaosProxy(kubeconfig: string): Promise<ChaosProxy> {
  const behind = await apiServerOf(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), "ipa-chaos-proxy-"));
  const certificate = await makeCertificate(directory);
  const faults: Injected[] = [];
  const log: ProxiedRequest[] = [];
  const underWay = new Set<Exchange>();
  let connections = 0;

  const faultFor = (request: IncomingMessage): Fault | null => {
    const found = faults.findLast(({ matching, left }) => left > 0 && matches(matching, request));
    if (found === undefined) return null;
    if (found.ahead > 0) {
      found.ahead -= 1;
      return null;
    }
    found.left -= 1;
    return found.fault;
  };

  const afflict = (exchange: Exchange, { kind }: Fault): void => {
    if (kind === "hang") exchange.hung = true;
    if (kind === "reset") exchange.request.socket.destroy();
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const record: ProxiedRequest = { method, url, at: performance.now() / 1000, status: null };
    log.push(record);
    const exchange: Exchange = { request, hung: false };
    underWay.add(exchange);
    response.once("close", () => underWay.delete(exchange));
    const fault = faultFor(request);
    if (fault !== null) afflict(exchange, fault);
    if (exchange.hung || request.socket.destroyed) return;
    if (fault?.kind === "answer") {
      record.status = fault.status;
      answer(response, fault.status, fault.retryAfter);
      return;
    }
    if (fault?.kind === "delay") await pause(fault.seconds * 1000);
    passOn(exchange, response, record, fault?.kind === "answered" ? fault : null);
  }

  function passOn(
    exchange: Exchange,
    response: ServerResponse,
    record: ProxiedRequest,
    notice: Extract<Fault, { kind: "answered" }> | null,
  ): void {
    const { request } = exchange;
    const outgoing = requestHttps(new URL(record.url, behind.server), {
      ...(request.headers.authorization === undefined ? behind.asAdmin : behind.asNobody),
      method: record.method,
      headers: { ...behind.headers, ...request.headers },
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    outgoing.on("response", (answered) => {
      if (exchange.hung) return;
      record.status = answered.statusCode ?? null;
      notice?.answered();
      if (notice?.lost === true) {
        answered.resume();
        return;
      }
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      // Of a watch the head comes long before the first event.
      response.flushHeaders();
      answered.on("data", (chunk) => exchange.hung || response.write(chunk));
      answered.on("end", () => exchange.hung || response.end());
      answered.on("error", () => response.destroy());
    });
    request.pipe(outgoing);
  }

  const proxy = createServer(
    { key: readFileSync(certificate.key), cert: readFileSync(certificate.cert) },
    (request, response) => void handle(request, response),
  );
  proxy.on("secureConnection", () => (connections += 1));
  // Clients break connections off; that is none of the proxy's faults.
  proxy.on("tlsClientError", () => {});
  proxy.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const server = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const file = join(directory, "kubeconfig");
  writeFileSync(file, JSON.stringify(kubeconfigFor(server, certificate.cert)));

  return {
    kubeconfig: file,
    server,
    caFile: certificate.cert,
    inject: (fault, matching = {}) => {
      const injected = { fault, matching, ahead: matching.after ?? 0, left: matching.times ?? Infinity };
      faults.push(injected);
      if (matching.times === undefined) {
        for (const exchange of underWay) if (matches(matching, exchange.request)) afflict(exchange, fault);
      }
      return () => {
        injected.left = 0;
      };
    },
    heal: () => {
      faults.length = 0;
    },
    requests: () => log,
    connections: () => connections,
    close: async () => {
      const closed = new Promise((resolve) => proxy.close(resolve));
      proxy.closeAllConnections();
      await closed;
      behind.asAdmin.agent.destroy();
      behind.asNobody.agent.destroy();
      rmSync(directory, { recursive: true });
    },
  };
}

function matches({ method, url }: Matching, request: IncomingMessage): boolean {
  const { method: given = "" } = request;
  const isMethod = method instanceof RegExp ? method.test(given) : (method ?? given) === given;
  return isMethod && (url === undefined || url.test(request.url ?? ""));
}

function answer(response: ServerResponse, status: number, retryAfter: number | undefined): void {
  const header = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  response.writeHead(status, { "content-type": "text/plain", ...header }).end(`chaos: ${status}`);
}

interface ApiServer {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** With the client certificate of the kubeconfig. */
  readonly asAdmin: { readonly agent: Agent };
  /** For requests that say themselves who sends them. */
  readonly asNobody: { readonly agent: Agent };
}

async function apiServerOf(kubeconfig: string): Promise<ApiServer> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${kubeconfig} names no cluster`);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized = true } = options;
  return {
    server,
    headers: (options.headers ?? {}) as Record<string, string>,
    asAdmin: { agent: new Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized }) },
    asNobody: { agent: new Agent({ keepAlive: true, ca, rejectUnauthorized }) },
  };
}

async function makeCertificate(directory: string): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(directory, "proxy.key"), join(directory, "proxy.crt")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=chaos proxy", "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", ["req", ...kind, ...name, "-keyout", key, "-out", cert]);
  return { key, cert };
}

function kubeconfigFor(server: string, caFile: string): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "proxy", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "admin", user: {} }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "admin" } }],
    "current-context": "proxy",
  };
}
