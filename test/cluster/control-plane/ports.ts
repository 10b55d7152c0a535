import { createServer, type Server } from "node:net";

// The programs take a port by number and can't be told to choose one. Ports from 32768 on are no good: the kernel gives
// them to any outgoing connection in between. Test files run as processes of their own, several at a time, so each has a
// block of the ports below to itself: whoever listens on the block's first port has it, until its process ends.

const BLOCK = 64;
const LOWEST = 20_000;
const BLOCKS = Math.floor((32_768 - LOWEST) / BLOCK);
let taken = 0;
let block: Promise<number> | null = null;

/** A port of the loopback address on which nothing listens, different at each call. */
export async function freePort(): Promise<number> {
  block ??= takeBlock();
  const first = await block;
  for (let attempt = 1; attempt < BLOCK; attempt++) {
    const port = first + 1 + (taken++ % (BLOCK - 1));
    const server = await listenOn(port);
    if (server === null) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`none of ${BLOCK - 1} loopback ports is free`);
}

/** The first port of a block that nobody else has. */
async function takeBlock(): Promise<number> {
  for (let attempt = 0; attempt < BLOCKS; attempt++) {
    const port = LOWEST + ((process.pid + attempt) % BLOCKS) * BLOCK;
    const server = await listenOn(port);
    if (server === null) continue;
    server.unref();
    return port;
  }
  throw new Error(`none of ${BLOCKS} blocks of loopback ports is free`);
}

/** Null where somebody else does. */
function listenOn(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
