import type { Kube } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { KubeError } from "./errors.ts";
import { microTime } from "./micro-time.ts";
import type { KubeObject } from "./objects.ts";

export type EventType = "Normal" | "Warning";

/** Never rejects; resolves when it was written or given up. */
export type RecordEvent = (about: KubeObject, type: EventType, reason: string, note: string) => Promise<void>;

export interface Reporter {
  /** As a label's name: "ipa.example.org/controller". */
  readonly component: string;
  /** Which of its processes. */
  readonly instance: string;
  readonly onFailure: (error: unknown) => void;
  readonly clock?: Clock;
}

/** One that is repeated before this long after the last time is counted there, seconds. */
const SERIES_GAP = 600;
/** What the API server takes of a note, bytes. */
const NOTE_LIMIT = 1024;

interface Series {
  readonly name: string;
  count: number;
  lastAt: number;
  /** Writes of one series go one after the other. */
  writing: Promise<void>;
  /** How many are in the object. */
  written: number;
}

/** Writes Events (events.k8s.io/v1). One that says again what another one said is counted in that one's series. */
export function recorder(kube: Kube, { component, instance, onFailure, clock = systemClock }: Reporter): RecordEvent {
  const known = new Map<string, Series>();

  const seriesOf = (about: KubeObject, key: string): Series => {
    const now = clock.now();
    for (const [each, { lastAt }] of known) if (now - lastAt >= SERIES_GAP) known.delete(each);
    const found = known.get(key);
    if (found !== undefined) return found;
    const series = { name: eventName(about), count: 0, lastAt: now, writing: Promise.resolve(), written: 0 };
    known.set(key, series);
    return series;
  };

  return (about, type, reason, note) => {
    const key = JSON.stringify([about.metadata.uid, about.metadata.name, type, reason, note]);
    const series = seriesOf(about, key);
    series.count += 1;
    series.lastAt = clock.now();
    const events = { group: "events.k8s.io", version: "v1", plural: "events", namespace: namespaceOf(about) };

    const create = async (count: number): Promise<void> => {
      const now = microTime(new Date());
      await kube.create(events, {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name: series.name, namespace: events.namespace },
        eventTime: now,
        reportingController: component,
        reportingInstance: instance,
        action: reason,
        reason,
        type,
        note: shortened(note),
        regarding: referenceTo(about),
        ...(count === 1 ? {} : { series: { count, lastObservedTime: now } }),
      });
    };
    const repeat = (count: number): Promise<unknown> =>
      kube.patch({ ...events, name: series.name }, { series: { count, lastObservedTime: microTime(new Date()) } });

    const write = async (): Promise<void> => {
      const { count, written } = series;
      // Those that came while this one waited were written with it.
      if (count === written) return;
      // The API server throws Events away after an hour (404), and of one whose answer was lost it has the name (409).
      if (written === 0) await create(count).catch(unless(409, () => repeat(count)));
      else await repeat(count).catch(unless(404, () => create(count)));
      series.written = count;
    };
    series.writing = series.writing.then(write).catch(onFailure);
    return series.writing;
  };
}

function unless(status: number, otherwise: () => Promise<unknown>): (error: unknown) => Promise<unknown> {
  return (error) => {
    if (error instanceof KubeError && error.status === status) return otherwise();
    throw error;
  };
}

/** As client-go makes it: what it is about, and a part that no other has. */
function eventName(about: KubeObject): string {
  return `${about.metadata.name.slice(0, 220)}.${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** Events about objects without a namespace are in "default". */
function namespaceOf(about: KubeObject): string {
  return about.metadata.namespace ?? "default";
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): object {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= NOTE_LIMIT) return note;
  // A character that was cut through becomes one of three bytes.
  return `${bytes.subarray(0, NOTE_LIMIT - 6).toString()}…`;
}
