import type { Target } from "../../core/control.ts";

type ObjectName = Pick<Target, "apiVersion" | "kind" | "name">;

/** A target whose number of replicas the controller has taken over, or is about to. */
export interface TakenOver extends Pick<Target, "apiVersion" | "kind" | "name"> {
  /** As it was before. */
  readonly replicas: number;
  /** Who set it before; empty until it is known. */
  readonly formerManager: string;
  /** False until the taking over was seen to succeed: then it is done again. */
  readonly confirmed: boolean;
}

/** A target whose number somebody took back; it is left alone until the pipeline's `resume` annotation changes. */
export interface Pinned extends Pick<Target, "apiVersion" | "kind" | "name"> {
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

export function isOf(entry: ObjectName, target: ObjectName): boolean {
  return entry.name === target.name && entry.kind === target.kind && entry.apiVersion === target.apiVersion;
}

/** Before the first write: what is there is noted, so that a crash in between loses nothing. */
export function intending(ledger: Ledger, { apiVersion, kind, name }: Target, replicas: number): Ledger {
  const entry = { apiVersion, kind, name, replicas, formerManager: "", confirmed: false };
  return { ...ledger, takenOver: [...ledger.takenOver, entry] };
}

export function confirmed(ledger: Ledger, target: Target, formerManager: string): Ledger {
  const takenOver = ledger.takenOver.map((one) =>
    isOf(one, target) ? { ...one, formerManager, confirmed: true } : one,
  );
  return { ...ledger, takenOver };
}

export function pinned(ledger: Ledger, { apiVersion, kind, name }: Target, since: string, by: string): Ledger {
  return { ...ledger, pinned: [...ledger.pinned, { apiVersion, kind, name, since, by }] };
}

/** What something else scales is taken over anew when that is gone; and what is not there, when it is made again. */
export function yielded(ledger: Ledger, targets: readonly Target[]): Ledger {
  const yields = (one: TakenOver): boolean => one.confirmed && targets.some((target) => isOf(one, target));
  if (!ledger.takenOver.some(yields)) return ledger;
  return { ...ledger, takenOver: ledger.takenOver.map((one) => (yields(one) ? { ...one, confirmed: false } : one)) };
}

/** What others are to have: should it be controlled again, it is taken over anew, as it will be then. */
export function released(ledger: Ledger, targets: readonly Target[]): Ledger {
  const stays = (one: ObjectName): boolean => !targets.some((target) => isOf(one, target));
  return { ...ledger, takenOver: ledger.takenOver.filter(stays), pinned: ledger.pinned.filter(stays) };
}

/** All targets that were pinned are taken over anew. */
export function resumed(ledger: Ledger, value: string): Ledger {
  const again = (one: TakenOver): boolean => ledger.pinned.some((entry) => isOf(entry, one));
  return {
    takenOver: ledger.takenOver.map((one) => (again(one) ? { ...one, confirmed: false } : one)),
    pinned: [],
    resumed: value,
  };
}
