// The first decision of a new process: prints how long engine and first call took, as JSON. For `solver.ts`, which runs it.
import { engines } from "../src/solver/engines.ts";
import { instance } from "./instances.ts";

const { problem } = instance("ipa", 2, 5, "product", 1);
const kind = process.argv[2] === "highs" ? engines.highs : engines.exact;
const start = performance.now();
const solve = await kind.load();
const loaded = performance.now();
solve(problem);
console.log(JSON.stringify({ load_ms: loaded - start, first_call_ms: performance.now() - loaded }));
