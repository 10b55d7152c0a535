import type { TargetReference } from "../core/control.ts";

/** A target whose number of replicas the controller has taken over, or is about to. */
export interface TakenOver extends TargetReference {
  /** As it was before. */
  readonly replicas: number;
  /** Who set it before; empty until it is known. */
  readonly formerManager: string;
  /** False until the taking over was seen to succeed: then it is done again. */
  readonly confirmed: boolean;
}

/** A target whose number somebody took back; it is left alone until the pipeline's `resume` annotation changes. */
export interface Pinned extends TargetReference {
  /** RFC 3339. */
  readonly since: string;
  readonly by: string;
}

/** What a controller did to the targets of a pipeline and must not forget; it lives in the status. */
export interface Ledger {
  readonly takenOver: readonly TakenOver[];
  readonly pinned: readonly Pinned[];
  /** Value of the `resume` annotation that was obeyed last; empty: none. */
  readonly resumed: string;
}

export function isOf(entry: TargetReference, target: TargetReference): boolean {
  return entry.name === target.name && entry.kind === target.kind && entry.apiVersion === target.apiVersion;
}

/** Before the first write: what is there is noted, so that a crash in between loses nothing. */
export function intending(ledger: Ledger, { apiVersion, kind, name }: TargetReference, replicas: number): Ledger {
  const entry = { apiVersion, kind, name, replicas, formerManager: "", confirmed: false };
  return { ...ledger, takenOver: [...ledger.takenOver, entry] };
}

export function confirmed(ledger: Ledger, target: TargetReference, formerManager: string): Ledger {
  const takenOver = ledger.takenOver.map((one) =>
    isOf(one, target) ? { ...one, formerManager, confirmed: true } : one,
  );
  return { ...ledger, takenOver };
}

export function pinned(ledger: Ledger, { apiVersion, kind, name }: TargetReference, since: string, by: string): Ledger {
  return { ...ledger, pinned: [...ledger.pinned, { apiVersion, kind, name, since, by }] };
}

/** All targets that were pinned are taken over anew. */
export function resumed(ledger: Ledger, value: string): Ledger {
  const again = (one: TakenOver): boolean =>
    ledger.pinned.some(({ kind, name }) => kind === one.kind && name === one.name);
  return {
    takenOver: ledger.takenOver.map((one) => (again(one) ? { ...one, confirmed: false } : one)),
    pinned: [],
    resumed: value,
  };
}
