import { readFileSync } from "node:fs";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import type { Certificates } from "./certificates.ts";
import type { Child } from "./child.ts";
import { until } from "./until.ts";

/** Waits until the program answers the URL by 200. The error of one that does not holds the end of its log. */
export async function untilReady(name: string, child: Child, url: string, certificates: Certificates): Promise<void> {
  const tls = {
    ca: readFileSync(certificates.authority),
    cert: readFileSync(certificates.admin),
    key: readFileSync(certificates.adminKey),
    agent: false,
    timeout: 2000,
  };
  // By the status and not the body: a body that lists checks says "ok" of some long before the whole is ready.
  const probe = async (): Promise<"ready" | "ended" | false> => {
    if (!child.running()) return "ended";
    return (await statusOf(url, tls)) === 200 && "ready";
  };
  try {
    if ((await until(`HTTP 200 of ${url}`, probe, 60)) === "ready") return;
  } catch (cause) {
    throw new Error(`${name} is not ready; its log ends with\n${child.lastLines()}`, { cause });
  }
  throw new Error(`${name} ended before it was ready; its log ends with\n${child.lastLines()}`);
}

function statusOf(url: string, tls: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? getSecure : getPlain)(url, tls, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer of ${url}`)));
    request.on("error", reject);
  });
}
