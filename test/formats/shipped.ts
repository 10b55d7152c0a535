import { readdirSync, readFileSync } from "node:fs";

export const SHIPPED = [
  "audio-qa.yaml",
  "audio-sent.yaml",
  "nlp.yaml",
  "sum-qa.yaml",
  "traffic.yaml",
  "video.yaml",
] as const;

/** What `kubectl create configmap ipa-profiles --from-file=profiles/` would hold. */
export function readProfiles(): ReadonlyMap<string, string> {
  const folder = new URL("../../profiles/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  return new Map(names.map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
}
