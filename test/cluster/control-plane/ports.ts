import { createServer } from "node:net";

// The programs take a port by number and can't be told to choose one. Ports from 32768 on are no good: the kernel gives
// them to any outgoing connection in between. Test files run as processes of their own, so each takes a block of the
// ports below by its process id, and two files that start at once do not race for the same port.

const BLOCK = 64;
const LOWEST = 20_000;
const BLOCKS = Math.floor((32_768 - LOWEST) / BLOCK);
let taken = 0;

/** A port of the loopback address on which nothing listens, different at each call. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < BLOCK; attempt++) {
    const port = LOWEST + (process.pid % BLOCKS) * BLOCK + (taken++ % BLOCK);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${BLOCK} loopback ports is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
