// Label selectors as the /scale subresource writes them: "app=video,tier in (a,b),!canary".

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** A label selector. */
export interface Selector {
  readonly text: string;
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
  /** Labels that all that match have; of a selector that asks for nothing else, all of it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the labels say all of it, as a Service's selector must. */
  readonly isPlain: boolean;
}

/** Reads a selector; one that asks for nothing, or that is not understood, matches nothing. */
export function parseSelector(text: string): Selector {
  const parts = text.match(/[^,(]+(?:\([^)]*\))?/g) ?? [];
  const labels: Record<string, string> = {};
  const requirements = parts.map((part): Requirement | null => {
    const equal = /^\s*([^\s=!]+)\s*==?\s*([^\s=]*)\s*$/.exec(part);
    if (equal !== null) {
      const [, key = "", value = ""] = equal;
      labels[key] = value;
      return (of) => of[key] === value;
    }
    const [, key = "", not, list] = /^\s*([^\s=!]+)\s+(not)?in\s+\(([^)]*)\)\s*$/.exec(part) ?? [];
    if (list !== undefined) {
      const values = list.split(",").map((value) => value.trim());
      return (of) => values.includes(of[key] ?? "\0") === (not === undefined);
    }
    const [, other, unequal] = /^\s*([^\s=!]+)\s*!=\s*(\S*)\s*$/.exec(part) ?? [];
    if (other !== undefined) return (of) => of[other] !== unequal;
    const [, absent, name] = /^\s*(!?)\s*([^\s=!()]+)\s*$/.exec(part) ?? [];
    return name === undefined ? null : (of) => Object.hasOwn(of, name) === (absent === "");
  });
  const understood = requirements.filter((one) => one !== null);
  const whole = understood.length > 0 && understood.length === requirements.length;
  return {
    text,
    matches: (of) => whole && understood.every((holds) => holds(of)),
    labels,
    isPlain: whole && Object.keys(labels).length === understood.length,
  };
}
