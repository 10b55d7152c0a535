import type { IncomingMessage } from "node:http";
import { errorOfStatus } from "./errors.ts";
import type { KubeObject } from "./objects.ts";

export interface WatchEvent {
  /** Of a bookmark only the resourceVersion counts. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: KubeObject;
}

/** The events of a watch's open answer: one JSON document a line. Rejects with what an ERROR event says. */
export async function* eventsOf(answer: IncomingMessage, call: string): AsyncGenerator<WatchEvent, void> {
  let rest = "";
  for await (const text of answer.setEncoding("utf8")) {
    const lines = (rest + String(text)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") yield eventOf(line, call);
    }
  }
}

function eventOf(line: string, call: string): WatchEvent {
  const event = JSON.parse(line) as WatchEvent | { readonly type: "ERROR"; readonly object: unknown };
  if (event.type === "ERROR") throw errorOfStatus(call, event.object);
  return event;
}
