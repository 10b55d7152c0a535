// The pictures of the page, of its first pipeline.
import { linesFigure, pointsFigure } from "../../src/report/figures.ts";
import type { Figure } from "../findings/experiment.ts";
import type { Answer } from "../robustness-worker.ts";
import { STANDBY } from "./arms.ts";
import { perCoreOf, PROMISED, WORKLOADS } from "./cells.ts";
import { NOMINAL } from "./tables.ts";

/** As many as a picture has colours. */
const SHOWN = [STANDBY, `${STANDBY}, margin`, "ipa, tail", "fa2-low", "hpa", "switcher", "static"];
const WIDTH = 520;

export function figuresOf(answers: readonly Answer[]): readonly Figure[] {
  const first = answers.filter(({ pipeline }) => pipeline === answers[0]?.pipeline);
  return WORKLOADS.flatMap((workload) => {
    const own = first.filter((one) => one.workload === workload);
    return [trade(own, workload), byStartUp(own, workload), byService(own, workload)];
  });
}

/** On time against accuracy per core, as profiled. */
function trade(answers: readonly Answer[], workload: string): Figure {
  const caption = `Services as profiled, start-ups of ${NOMINAL.startUp} s. Up and to the right is better; the line is 99 %.`;
  const own = answers.filter(({ service, startUp }) => service === NOMINAL.service && startUp === NOMINAL.startUp);
  const points = SHOWN.map((arm) => ({
    name: arm,
    points: own.filter((one) => one.arm === arm).map((one) => ({ x: 100 * one.onTime, y: perCoreOf(one) })),
  }));
  const [low, high] = [0, 1.05 * Math.max(...own.map(perCoreOf))];
  const promised = {
    name: "99 %",
    reference: true,
    points: [
      { x: 100 * PROMISED, y: low },
      { x: 100 * PROMISED, y: high },
    ],
  };
  return {
    name: `robustness-trade-${workload}`,
    title: `${workload}: accuracy per core`,
    caption,
    svg: pointsFigure(
      { finding: caption, x: "on time (%)", y: "on-time accuracy per core", width: WIDTH, fromZero: true },
      [...points, promised],
    ),
  };
}

function byStartUp(answers: readonly Answer[], workload: string): Figure {
  const caption = "Requests answered within the SLA, by how long a replica takes to start; services as profiled.";
  return {
    name: `robustness-start-up-${workload}`,
    title: `${workload}: slow starts`,
    caption,
    svg: linesFigure(
      { finding: caption, x: "start-up (s)", y: "on time (%)", width: WIDTH, logarithmicX: true },
      lines(
        answers.filter(({ service }) => service === 1),
        ({ startUp }) => startUp,
      ),
    ),
  };
}

function byService(answers: readonly Answer[], workload: string): Figure {
  const caption = `Requests answered within the SLA, by true service times over the profile's; start-ups of ${NOMINAL.startUp} s.`;
  return {
    name: `robustness-service-${workload}`,
    title: `${workload}: slow services`,
    caption,
    svg: linesFigure(
      { finding: caption, x: "service time over the profile's", y: "on time (%)", width: WIDTH },
      lines(
        answers.filter(({ startUp }) => startUp === NOMINAL.startUp),
        ({ service }) => service,
      ),
    ),
  };
}

function lines(answers: readonly Answer[], x: (of: Answer) => number) {
  return SHOWN.map((arm) => ({
    name: arm,
    points: answers.filter((one) => one.arm === arm).map((one) => ({ x: x(one), y: 100 * one.onTime })),
  }));
}
