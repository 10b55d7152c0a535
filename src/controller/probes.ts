import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InputError } from "../core/errors.ts";

/** What the outside may ask of a controller. */
export interface Probes {
  /** Whether the event loop still turns is what an answer shows; false where it cannot go on. */
  readonly healthy: () => boolean;
  /** Whether all watches have begun. */
  readonly ready: () => boolean;
  readonly metrics: () => Promise<string>;
}

export interface ProbeServer {
  /** That is listened on; of port 0 the free one that was found. */
  readonly port: number;
  readonly close: () => void;
}

/** Serves /healthz, /readyz and /metrics. Rejects with an InputError if the port cannot be had. */
export async function serveProbes(port: number, probes: Probes): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const say = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type }).end(text);
    };
    const tell = (good: boolean): void => say(good ? 200 : 503, good ? "ok\n" : "not yet\n");
    if (path === "/healthz") tell(probes.healthy());
    else if (path === "/readyz") tell(probes.ready());
    else if (path !== "/metrics") say(404, "There are /healthz, /readyz and /metrics.\n");
    else {
      probes.metrics().then(
        (text) => say(200, text, "text/plain; version=0.0.4; charset=utf-8"),
        (error: unknown) => say(500, `${String(error)}\n`),
      );
    }
  });
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const why = { EADDRINUSE: "is taken", EACCES: "may not be listened on" }[error.code ?? ""];
      const text = `port ${port} ${why ?? `cannot be had (${error.message})`}. Name another with --port, or 0 for any.`;
      reject(new InputError("bad_value", text));
    };
    server.once("error", refuse);
    server.listen(port, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
