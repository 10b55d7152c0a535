import type { Solver } from "../core/problem.ts";
import { exact } from "./exact.ts";
import { exhaustive } from "./exhaustive.ts";

/** A way to solve, loaded when it is asked for. */
export interface EngineKind {
  readonly load: () => Promise<Solver>;
  readonly describes: string;
  /** Whether it takes only problems with one path, through all stages. */
  readonly chainsOnly: boolean;
}

export const engines = {
  exact: {
    load: () => Promise.resolve(exact),
    describes: "special-purpose and certified optimal, for chains",
    chainsOnly: true,
  },
  exhaustive: {
    load: () => Promise.resolve(exhaustive),
    describes: "looks at every choice; exact, and fast while these are few",
    chainsOnly: false,
  },
  highs: {
    // WebAssembly that takes a while to start: only who asks for it pays.
    load: async () => (await import("./highs.ts")).loadHighs(),
    describes: "the general mixed-integer solver HiGHS",
    chainsOnly: false,
  },
} satisfies Record<string, EngineKind>;
