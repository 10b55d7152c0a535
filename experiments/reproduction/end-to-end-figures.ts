// The paper's Fig 8–12 as drawn from our runs, with what it published.
import { halfWidth95 } from "../../src/report/confidence.ts";
import { barsFigure, linesFigure } from "../../src/report/figures.ts";
import { perSecond } from "../../src/workload/trace.ts";
import type { Answer } from "../end-to-end-worker.ts";
import { answerOf, figureOf, outcomeOf, sameSetting, type PublishedMean } from "./end-to-end-results.ts";
import type { Figure } from "../findings/experiment.ts";
import { allowances, greatestGain, type Outcome } from "./headline.ts";
import { pipelines, systems, workloads, type PublishedRun } from "./published-runs.ts";
import { runKey, type PublishedStep } from "./published-steps.ts";
import { mean, traceOf, type Measured } from "./replayed-runs.ts";

export function gainsFigure(answers: readonly Answer[], published: readonly PublishedMean[]): Figure {
  const outcomes = answers.map(outcomeOf);
  const line = (name: string, all: readonly Outcome[], version: string) => ({
    name,
    points: allowances.map((allowance) => {
      const best = greatestGain(
        all.filter((one) => one.version === version),
        allowance,
      );
      return { x: 100 * allowance, y: best === null ? null : 100 * best.gain };
    }),
  });
  const caption =
    "max over pipelines, workloads and rivals of A_IPA/A_rival − 1 where IPA costs at most so much more than the rival. Published: bursty and steady-low only.";
  return {
    name: "headline",
    title: "How much more accurate, for how much more cost?",
    caption,
    svg: linesFigure(
      {
        finding: caption,
        x: "cost allowed beyond the rival's (%)",
        y: "accuracy gained (%)",
        width: 560,
        fromZero: true,
      },
      [
        line("original, rank sum", outcomes, "original"),
        line("revised, PAS", outcomes, "revised"),
        { ...line("published, rank sum", published, "original"), reference: true, colourOf: "original, rank sum" },
        { ...line("published, PAS", published, "revised"), reference: true, colourOf: "revised, PAS" },
      ],
      "step-after",
    ),
  };
}

/** Fig 8b–12b: the bursty runs of the original version, by the start-up time that we assume. */
export function violationBars(
  answers: readonly Answer[],
  published: readonly PublishedMean[],
  startUp: number,
): Figure {
  const caption = `Share of seconds in which a request arrived that was late or not answered, if a replica starts in ${startUp} s; bursty, original version. Pale: published.`;
  const shown = pipelines.flatMap((pipeline) =>
    systems.flatMap((system) => {
      const setting = { version: "original", pipeline, workload: "bursty", system };
      const answer = answerOf(answers, setting);
      const theirs = published.find((one) => one.violations !== null && sameSetting(one, setting));
      if (answer === undefined) return [];
      const values = answer.measured.map(({ violation_seconds }) => 100 * violation_seconds);
      return [
        { group: pipeline, name: system, value: mean(values), half: halfWidth95(values) },
        ...(theirs === undefined
          ? []
          : [
              {
                group: pipeline,
                name: `${system}, published`,
                value: 100 * (theirs.violations ?? 0),
                beside: system,
              },
            ]),
      ];
    }),
  );
  return {
    name: `violations-${startUp}s`,
    title: `Fig 8b–12b: SLA violations, start-ups of ${startUp} s`,
    caption,
    svg: barsFigure({ finding: caption, x: "", y: "Seconds with a violation (%)", width: 560 }, shown),
  };
}

/** Averages by workload and system, as the paper's bars. */
export function bars(answers: readonly Answer[], published: readonly PublishedMean[]): readonly Figure[] {
  const present = pipelines.filter((name) => answers.some(({ run: one }) => one.pipeline === name));
  const quantities = [
    {
      name: "cost",
      y: "Cost (cores)",
      of: (one: Measured) => one.planned_cores,
      published: (one: PublishedMean) => one.cost,
    },
    {
      name: "accuracy",
      y: "PAS",
      of: (one: Measured) => one.accuracy,
      published: (one: PublishedMean) => one.accuracy,
    },
  ] as const;
  return present.flatMap((pipeline) =>
    quantities.map(({ name, y, of, published: publishedOf }): Figure => {
      const version = "revised";
      const caption = `Means over 20 minutes, revised version; pale bars, where they exist, are what the paper published.`;
      const shown = workloads.flatMap((workload) =>
        systems.flatMap((system) => {
          const answer = answerOf(answers, { version, pipeline, workload, system });
          const theirs = published.find((one) => sameSetting(one, { version, pipeline, workload, system }));
          if (answer === undefined) return [];
          const values = answer.measured.map(of);
          return [
            { group: workload, name: system, value: mean(values), half: halfWidth95(values) },
            ...(theirs === undefined
              ? []
              : [{ group: workload, name: `${system}, published`, value: publishedOf(theirs), beside: system }]),
          ];
        }),
      );
      return {
        name: `${pipeline}-${name}`,
        title: `${figureOf[pipeline]} ${pipeline}: ${name}`,
        caption,
        svg: barsFigure({ finding: caption, x: "", y, width: 560 }, shown),
      };
    }),
  );
}

/** Cost and accuracy over time, the four systems, with the published lines where there are any. */
export async function overTime(
  one: PublishedRun,
  answers: readonly Answer[],
  steps: ReadonlyMap<string, readonly PublishedStep[]>,
): Promise<readonly Figure[]> {
  const { version, pipeline, workload } = one;
  const quantities = [
    {
      name: "cost",
      y: "Cost (cores)",
      of: (answer: Answer) => answer.cores,
      published: (step: PublishedStep) => step.cores,
    },
    {
      name: "accuracy",
      y: version === "original" ? "Rank sum" : "PAS",
      of: (answer: Answer) => answer.accuracies,
      published: (step: PublishedStep) => step.accuracy,
    },
  ] as const;
  const peak = Math.max(...perSecond(await traceOf(workload)));
  return quantities.map(({ name, y, of, published }): Figure => {
    const caption = `${workload} (at most ${peak} rps), ${version}; dashed: published. Means over the seeds.`;
    const series = systems.flatMap((system) => {
      const answer = answerOf(answers, { version, pipeline, workload, system });
      if (answer === undefined) return [];
      const theirs = steps.get(runKey(answer.run));
      return [
        { name: system, points: of(answer).map((value, i) => ({ x: 10 * i, y: value })) },
        ...(theirs === undefined
          ? []
          : [
              {
                name: `${system}, published`,
                points: theirs.map((step) => ({ x: 10 * step.step, y: published(step) })),
                reference: true,
                colourOf: system,
              },
            ]),
      ];
    });
    return {
      name: `${pipeline}-${workload}-${version}-${name}`,
      title: `${figureOf[pipeline]} ${pipeline}, ${workload}: ${name}`,
      caption,
      svg: linesFigure({ finding: caption, x: "Time (s)", y, width: 560 }, series, "step-after"),
      group: `${figureOf[pipeline]}: ${pipeline} over time`,
    };
  });
}
