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
  /** Until it is confirmed: how many there were when it was begun. Once there are others, and they are not ours, somebody came in between. */
  readonly found?: number | undefined;
  /** Once it is confirmed: whether we set it above 0 last, so that 0 is somebody else's. */
  readonly aboveZero?: boolean | undefined;
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

export function entryOf(ledger: Ledger, target: ObjectName): TakenOver | undefined {
  return ledger.takenOver.find((one) => isOf(one, target));
}

/**
 * Before each write, so that a crash in between loses nothing: of a taking over, what is `found`; and that we go to 0, which must not
 * look as if somebody else did. `wanted`: replicas.
 */
export function intending(ledger: Ledger, target: Target, found: number, wanted: number): Ledger {
  const { apiVersion, kind, name } = target;
  const entry = entryOf(ledger, target);
  if (entry === undefined) {
    const begun = { apiVersion, kind, name, replicas: found, formerManager: "", confirmed: false, found };
    return { ...ledger, takenOver: [...ledger.takenOver, begun] };
  }
  if (!entry.confirmed) return entry.found === undefined ? replaced(ledger, { ...entry, found }) : ledger;
  return wanted === 0 && entry.aboveZero === true ? replaced(ledger, { ...entry, aboveZero: false }) : ledger;
}

/** What was meant and not tried is as it was `before`: whoever sets that number from now on takes nothing back from us. */
export function withdrawn(ledger: Ledger, before: Ledger, tried: readonly ObjectName[]): Ledger {
  const isTried = (one: ObjectName): boolean => tried.some((target) => isOf(one, target));
  return {
    ...ledger,
    takenOver: ledger.takenOver.flatMap((one) => (isTried(one) ? one : (entryOf(before, one) ?? []))),
  };
}

/** A target is ours, and has so many replicas by our doing. */
export function confirmed(ledger: Ledger, target: Target, formerManager: string, replicas: number): Ledger {
  const entry = entryOf(ledger, target);
  if (entry === undefined) return ledger;
  return replaced(ledger, { ...inDoubt(entry), formerManager, confirmed: true, aboveZero: replicas > 0 });
}

/** Whether somebody set to 0 what we had set above: of that no conflict tells, as a number of 0 is stored without who set it. */
export function isTakenDown(ledger: Ledger, target: Target, replicas: number): boolean {
  const entry = entryOf(ledger, target);
  return replicas === 0 && entry?.confirmed === true && entry.aboveZero === true;
}

export function pinned(ledger: Ledger, { apiVersion, kind, name }: Target, since: string, by: string): Ledger {
  return { ...ledger, pinned: [...ledger.pinned, { apiVersion, kind, name, since, by }] };
}

/** What something else scales is taken over anew when that is gone; and what is not there, when it is made again. */
export function yielded(ledger: Ledger, targets: readonly Target[]): Ledger {
  const yields = (one: TakenOver): boolean =>
    (one.confirmed || one.found !== undefined) && targets.some((target) => isOf(one, target));
  if (!ledger.takenOver.some(yields)) return ledger;
  return { ...ledger, takenOver: ledger.takenOver.map((one) => (yields(one) ? inDoubt(one) : one)) };
}

/** What others are to have: should it be controlled again, it is taken over anew, as it will be then. */
export function released(ledger: Ledger, targets: readonly Target[]): Ledger {
  return keeping(ledger, (one) => !targets.some((target) => isOf(one, target)));
}

/** All targets that were pinned are taken over anew. */
export function resumed(ledger: Ledger, value: string): Ledger {
  const again = (one: TakenOver): boolean => ledger.pinned.some((entry) => isOf(entry, one));
  return {
    takenOver: ledger.takenOver.map((one) => (again(one) ? inDoubt(one) : one)),
    pinned: [],
    resumed: value,
  };
}

/** Without the targets that a pipeline does not name any more: they are left alone, and if it names them again, taken over anew. */
export function pruned(ledger: Ledger, targets: readonly Target[]): Ledger {
  return keeping(ledger, (one) => targets.some((target) => isOf(one, target)));
}

function keeping(ledger: Ledger, stays: (one: ObjectName) => boolean): Ledger {
  if ([...ledger.takenOver, ...ledger.pinned].every(stays)) return ledger;
  return { ...ledger, takenOver: ledger.takenOver.filter(stays), pinned: ledger.pinned.filter(stays) };
}

function inDoubt({ found: _found, aboveZero: _aboveZero, ...entry }: TakenOver): TakenOver {
  return { ...entry, confirmed: false };
}

function replaced(ledger: Ledger, entry: TakenOver): Ledger {
  return { ...ledger, takenOver: ledger.takenOver.map((one) => (isOf(one, entry) ? entry : one)) };
}
