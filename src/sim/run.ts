export type { Run, StageTotals } from "../core/run-log.ts";
