import type { Solver } from "../core/problem.ts";
import { exact } from "./exact.ts";
import { exhaustive } from "./exhaustive.ts";

/** A way to solve, loaded when it is asked for. */
export interface EngineKind {
  readonly load: () => Promise<Solver>;
  readonly describes: string;
}

export const engines = {
  exact: {
    load: () => Promise.resolve(exact),
    describes: "special-purpose and certified optimal",
  },
  exhaustive: {
    load: () => Promise.resolve(exhaustive),
    describes: "looks at every choice; exact, and fast while these are few",
  },
  highs: {
    // WebAssembly that takes a while to start: only who asks for it pays.
    load: async () => (await import("./highs.ts")).loadHighs(),
    describes: "the general mixed-integer solver HiGHS",
  },
} satisfies Record<string, EngineKind>;
