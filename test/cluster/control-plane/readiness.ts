import { readFileSync } from "node:fs";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import type { Certificates } from "./certificates.ts";
import type { Child } from "./child.ts";
import { until } from "./until.ts";

/** Waits until the program answers the URL by 200. The error of one that does not holds the end of its log. */
export async function untilReady(
  name: string,
  child: Child,
  url: string,
  certificates: Certificates | null = null,
): Promise<void> {
  const options = { agent: false, timeout: 2000, ...(certificates === null ? {} : credentials(certificates)) };
  // By the status and not the body: a body that lists checks says "ok" of some long before the whole is ready.
  const probe = async (): Promise<"ready" | "ended" | false> => {
    if (!child.running()) return "ended";
    return (await statusOf(url, options)) === 200 && "ready";
  };
  try {
    if ((await until(`HTTP 200 of ${url}`, probe, 60)) === "ready") return;
  } catch (cause) {
    throw new Error(`${name} is not ready; its log ends with\n${child.lastLines()}`, { cause });
  }
  throw new Error(`${name} ended before it was ready; its log ends with\n${child.lastLines()}`);
}

function credentials({ authority, admin, adminKey }: Certificates): object {
  return { ca: readFileSync(authority), cert: readFileSync(admin), key: readFileSync(adminKey) };
}

function statusOf(url: string, options: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? getSecure : getPlain)(url, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer of ${url}`)));
    request.on("error", reject);
  });
}
