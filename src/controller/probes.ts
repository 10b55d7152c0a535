import { createServer, type Server } from "node:http";

/** What the outside may ask of a controller. */
export interface Probes {
  /** Whether the event loop still turns is what an answer shows; false where it cannot go on. */
  readonly healthy: () => boolean;
  /** Whether all watches have begun. */
  readonly ready: () => boolean;
  readonly metrics: () => Promise<string>;
}

/** Serves /healthz, /readyz and /metrics. Rejects if the port is taken. */
export async function serveProbes(port: number, probes: Probes): Promise<Server> {
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
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}
