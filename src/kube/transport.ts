import { Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import { InputError } from "../core/errors.ts";
import { accessBy } from "./kubeconfig.ts";

export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** Who we are to the API server, good for one request: tokens expire, and files hold new ones. */
export type Credentials = RequestOptions;

/** Sends to one API server. */
export interface Transport {
  readonly authenticate: () => Promise<Credentials>;
  /** Resolves when the head of the answer is there. Nothing is awaited before the request goes out. */
  readonly send: (request: Request, credentials: Credentials) => Promise<IncomingMessage>;
  /** After a call without an answer any idle connection may be as dead as that call's. */
  readonly dropIdleConnections: () => void;
}

/** Idle connections are closed before the API server (90 s) or what is between does it under a request, ms. */
const IDLE_LIMIT = 30_000;

/**
 * The library knows how to authenticate and whom to trust. Sending is done here, since its calls open a connection
 * each, take no signal and no time-out.
 */
export function transport(kubeconfig: string | undefined, podRoot = ""): Transport {
  const { config, source } = accessBy(kubeconfig, podRoot);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const advice = "Set one: kubectl config use-context NAME.";
    throw new InputError("bad_value", `${source}: there is no current context with a cluster. ${advice}`);
  }
  const server = new URL(cluster.server);
  const secure = server.protocol === "https:";
  const base = server.pathname.replace(/\/$/, "");
  let agent: { readonly of: string; readonly pool: HttpAgent } = { of: "", pool: new HttpAgent() };

  // Client certificates may be renewed, too; then new connections are made with the new one.
  const poolFor = (options: Credentials): HttpAgent => {
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const of = [ca, cert, key, rejectUnauthorized, servername].map(String).join();
    if (of !== agent.of) {
      dropIdle(agent.pool);
      const kept = { keepAlive: true, timeout: IDLE_LIMIT };
      const trust = { ca, cert, key, ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
      const named = servername === undefined ? {} : { servername };
      agent = { of, pool: secure ? new HttpsAgent({ ...kept, ...trust, ...named }) : new HttpAgent(kept) };
    }
    return agent.pool;
  };

  return {
    authenticate: async () => {
      const options: Credentials = {};
      await config.applyToHTTPSOptions(options);
      // Only the library's own agents go through a proxy.
      return cluster.proxyUrl === undefined ? { ...options, agent: poolFor(options) } : options;
    },
    send: ({ method, path, headers, body, signal }, credentials) =>
      new Promise((resolve, reject) => {
        // The library makes an object of them, never a list.
        const authorization = credentials.headers as OutgoingHttpHeaders | undefined;
        const options = { ...credentials, method, headers: { ...authorization, ...headers }, signal };
        const outgoing = (secure ? requestHttps : requestHttp)(new URL(base + path, server), options);
        outgoing.once("response", resolve);
        outgoing.on("error", reject);
        outgoing.end(body ?? undefined);
      }),
    dropIdleConnections: () => dropIdle(agent.pool),
  };
}

function dropIdle(pool: HttpAgent): void {
  for (const socket of Object.values(pool.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}
