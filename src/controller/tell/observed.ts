import type { PipelineStatus } from "../../formats/status-schema.ts";
import type { ServiceTimes } from "../see/service-times.ts";
import { shown } from "./shown.ts";

/** What is measured of what a plan promises. */
export interface Observed {
  /** At the SLA's quantile, seconds; null if it is not known. */
  readonly latency: number | null;
  readonly errors: ServiceTimes["errors"];
  readonly inForce: ServiceTimes["inForce"];
}

type ObservedStatus = NonNullable<PipelineStatus["observed"]>;

/** Errors of profiles and latencies are measured anew at every look: only such differences are told, of a latency as fractions. */
const ERROR_BAND = 0.05;
const LATENCY_BAND = 0.1;

/** The status of what is measured; where nothing is, as before. */
export function observedStatus(
  observed: Observed | undefined,
  before: ObservedStatus | undefined,
): ObservedStatus | undefined {
  if (observed === undefined) return before;
  const { latency, errors, inForce } = observed;
  const latencySeconds =
    latency === null ? before?.latencySeconds : steady(latency, before?.latencySeconds, LATENCY_BAND * latency);
  const profileErrors = errors.map(({ stage, variant, error }) => {
    const known = before?.profileErrors?.find((one) => one.stage === stage && one.variant === variant);
    return { stage, variant, ratio: steady(error, known?.ratio, ERROR_BAND) };
  });
  // Of what runs still, and of which too few batches are seen now.
  const others = before?.profileErrors?.filter(
    ({ stage, variant }) =>
      inForce.some((one) => one.stage === stage && one.variant === variant) &&
      !errors.some((one) => one.stage === stage),
  );
  const told = [...profileErrors, ...(others ?? [])];
  if (latencySeconds === undefined && told.length === 0) return undefined;
  return {
    ...(latencySeconds === undefined ? {} : { latencySeconds }),
    ...(told.length === 0 ? {} : { profileErrors: told }),
  };
}

/** What was told, as long as it is not far from what is measured. */
function steady(measured: number, told: string | undefined, band: number): string {
  return told !== undefined && Math.abs(measured - Number(told)) <= band ? told : shown(measured);
}
