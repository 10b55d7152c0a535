// What an experiment is, and what it finds: plain data, which files and the report show.

export interface Experiment {
  /** Names its files. */
  readonly name: string;
  /** As in the paper: "Fig 13"; absent if it is not the paper's. */
  readonly figure?: string;
  readonly title: string;
  readonly run: (context: Context) => Promise<Findings>;
}

export interface Context {
  /** Fewer seeds and cases: shows that it works. */
  readonly quick: boolean;
  readonly seeds: readonly number[];
  /** How much is done, in [0, 1], and what is being done. */
  readonly onProgress: (share: number, what: string) => void;
}

export interface Findings {
  /** One paragraph: what was done, and what came out. */
  readonly summary: string;
  readonly tables?: readonly Table[];
  readonly figures?: readonly Figure[];
  readonly comparisons?: readonly Comparison[];
  readonly verdicts?: readonly Verdict[];
  /** What the reader must know to judge the numbers. */
  readonly notes?: readonly string[];
}

export type Cell = string | number | boolean | null;

/** Written as CSV and Arrow; shown in the report if it is `shown`. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly shown?: boolean;
}

/** Written as SVG, and shown. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  /** Figures of a group are shown together, folded up. */
  readonly group?: string;
}

/** A number that the paper or its artifact gives, and ours. */
export interface Comparison {
  readonly what: string;
  readonly published: number;
  /** Null where ours does not exist. */
  readonly ours: number | null;
  /** Half of the 95 % interval of ours; absent if it is not random. */
  readonly half?: number | null;
  readonly digits: number;
}

/** A claim, judged. */
export interface Verdict {
  readonly claim: string;
  readonly verdict: "holds" | "does not hold" | "not determined by the data" | "cannot be shown";
  /** The numbers behind it. */
  readonly because: string;
}
