// What the paper says of its end-to-end runs, judged by ours; each claim again with other profiles.
import { pairedInterval } from "../../src/report/confidence.ts";
import { percent } from "../../src/report/numbers.ts";
import type { Answer } from "../end-to-end-worker.ts";
import type { Verdict } from "../findings/experiment.ts";
import { outcomeOf } from "./end-to-end-results.ts";
import { judged } from "./guesses.ts";
import { greatestGain } from "./headline.ts";
import { mean, type Measured } from "./replayed-runs.ts";

/** A claim, and what the runs say of it. */
interface Claim {
  readonly claim: string;
  readonly judge: (answers: readonly Answer[]) => { readonly holds: boolean; readonly because: string };
}

/** "A minimal cost increase": the preprint says less than 5 %. */
const MINIMAL = 0.05;

const claims: readonly Claim[] = [
  gain(
    "original",
    0.35,
    "Abstract of the preprint: normalised accuracy improves by up to 35 % for less than 5 % more cost (rank sum).",
  ),
  gain(
    "revised",
    0.21,
    "Abstract: end-to-end accuracy improves by up to 21 % with a minimal cost increase (PAS; at most 5 % more).",
  ),
  everywhere("Fig 8–12: IPA is at least as accurate as FA2-low.", "FA2-low", ({ accuracy }) => accuracy, "more"),
  everywhere(
    "Fig 8–12: IPA costs at most what FA2-high costs.",
    "FA2-high",
    ({ planned_cores }) => planned_cores,
    "less",
  ),
  everywhere(
    "Fig 8–12, shown for bursty and steady-low: IPA costs at most what RIM costs.",
    "RIM",
    ({ planned_cores }) => planned_cores,
    "less",
  ),
  everywhere(
    "Implied by the wider choice: IPA's objective is at least that of FA2-low (each with the margins of its own run).",
    "FA2-low",
    ({ objective }) => objective,
    "more",
  ),
  everywhere(
    "Implied by the wider choice: IPA's objective is at least that of FA2-high (each with the margins of its own run).",
    "FA2-high",
    ({ objective }) => objective,
    "more",
  ),
  {
    claim:
      "Fig 8–12: when the load rises, IPA gives up accuracy to carry it (bursty; the busiest tenth of the time against the calmest).",
    judge: (answers) => {
      const some = answers.filter(({ run }) => run.system === "IPA" && run.workload === "bursty");
      const falls = some.filter(({ loads, accuracies }) => {
        const order = loads.map((_, i) => i).sort((a, b) => (loads[a] ?? 0) - (loads[b] ?? 0));
        const tenth = Math.max(1, Math.floor(order.length / 10));
        const accuracy = (part: readonly number[]): number => mean(part.map((i) => accuracies[i] ?? 0));
        return accuracy(order.slice(-tenth)) <= accuracy(order.slice(0, tenth)) + 1e-9;
      });
      return { holds: falls.length === some.length, because: `true in ${falls.length} of ${some.length} runs` };
    },
  },
];

function gain(version: string, claimed: number, claim: string): Claim {
  return {
    claim,
    judge: (answers) => {
      const outcomes = answers.filter(({ run }) => run.version === version).map(outcomeOf);
      const best = greatestGain(outcomes, MINIMAL);
      if (best === null) return { holds: false, because: "IPA is nowhere that cheap" };
      const { rival, extraCost } = best;
      return {
        holds: best.gain >= claimed,
        because: `up to ${percent(best.gain, 1)} % (${rival.pipeline}, ${rival.workload}, against ${rival.system}, for ${percent(Math.abs(extraCost), 1)} % ${extraCost < 0 ? "less" : "more"} cost)`,
      };
    },
  };
}

/** In all settings of both versions, unless the other way is certain: the 95 % interval over seeds lies beyond zero. */
function everywhere(claim: string, rival: string, of: (one: Measured) => number, side: "more" | "less"): Claim {
  return {
    claim,
    judge: (answers) => {
      const pairs = answers.flatMap((own) => {
        if (own.run.system !== "IPA") return [];
        const other = answers.find(
          ({ run }) =>
            run.system === rival &&
            run.version === own.run.version &&
            run.pipeline === own.run.pipeline &&
            run.workload === own.run.workload,
        );
        return other === undefined ? [] : [{ own, other }];
      });
      const against = pairs.filter(({ own, other }) => {
        const { low, high } = pairedInterval(own.measured.map(of), other.measured.map(of));
        return side === "more" ? high !== null && high < -1e-9 : low !== null && low > 1e-9;
      });
      const unable = mean(against.map(({ other }) => mean(other.measured.map((seed) => seed.infeasible_share))));
      const where = against.map(({ own: { run } }) => `${run.pipeline} on ${run.workload} (${run.version})`);
      return {
        holds: against.length === 0,
        because:
          `true in ${pairs.length - against.length} of ${pairs.length} settings` +
          (against.length === 0
            ? ""
            : `; not in ${listed(where)}${unable < 0.005 ? "" : `, where ${rival} had no plan in ${percent(unable, 0)} % of its decisions`}`),
      };
    },
  };
}

/** The first few of them. */
function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(", ") : `${names.slice(0, 4).join(", ")} and ${names.length - 4} others`;
}

/**
 * Judges each claim by the runs with the profiles as they are, the first, and with their guesses scaled; where these disagree,
 * the data do not determine it. `slow`: bursty runs with slower start-ups.
 */
export function endToEndVerdicts(
  byGuesses: readonly { readonly guesses: number; readonly answers: readonly Answer[] }[],
  slow: readonly Answer[],
): readonly Verdict[] {
  const verdicts = claims.map(({ claim, judge }) =>
    judged(
      claim,
      byGuesses.map(({ guesses, answers }) => ({ guesses, ...judge(answers) })),
    ),
  );
  return [...verdicts, violations(byGuesses[0]?.answers ?? [], slow)];
}

/** Depends on start-up times, which are not known: no profile settles it. */
function violations(answers: readonly Answer[], slow: readonly Answer[]): Verdict {
  const bursty = answers.filter(({ run }) => run.workload === "bursty" && run.version === "original");
  const most = (some: readonly Answer[]): number =>
    Math.max(
      0,
      ...some
        .filter(({ run }) => run.system === "IPA")
        .map(({ measured }) => mean(measured.map(({ violation_seconds }) => violation_seconds))),
    );
  const startUps = [...new Set(slow.map(({ startUp }) => startUp ?? 0))];
  return {
    claim: "Fig 8b–12b: under IPA at most 7.6 % of the seconds see a violation of the SLA (bursty).",
    verdict: "not determined by the data",
    because:
      `the start-up times of the authors' cluster are unknown: at most ${percent(most(bursty), 2)} % with 5 s` +
      startUps
        .map(
          (seconds) => `, ${percent(most(slow.filter(({ startUp }) => startUp === seconds)), 2)} % with ${seconds} s`,
        )
        .join(""),
  };
}
