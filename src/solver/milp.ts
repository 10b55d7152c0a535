import { ROW_TOLERANCE } from "../core/pipeline.ts";
import { latencyOf, type Option, type Problem } from "../core/problem.ts";

/** A linear expression: coefficients by column name, zeros left out. */
export type Terms = ReadonlyMap<string, number>;

/** Σ terms ≤ limit, or = limit. */
export interface LinearRow {
  readonly name: string;
  readonly terms: Terms;
  readonly equals?: boolean;
  readonly limit: number;
}

/**
 * A problem as a mixed-integer linear program, as plain data. Column `x_s_o` is 1 iff stage `s` runs
 * its option `o`. For a product, P_s = Σ_v score_v·y_s_v is the product of the first s + 1 scores,
 * where y_s_v, of the v-th distinct score of stage s, is P_(s−1) if that score is chosen and 0 if not:
 * Σ_v y_s_v = P_(s−1) and 0 ≤ y_s_v ≤ U·Σ x of that score, U the greatest P_(s−1). This is exact.
 * Scores are at least 0.
 */
export interface Milp {
  /** What is maximised; and only the part of it that settles ties. */
  readonly value: Terms;
  readonly ties: Terms;
  readonly rows: readonly LinearRow[];
  /** Names of the 0-1 columns, by stage and option. */
  readonly choices: readonly (readonly string[])[];
}

/** The rows hold with the tolerance of `holds`; composed latency counts with its means only (see `latencyCuts`). */
export function milpOf(problem: Problem): Milp {
  const { alpha, tieAlpha, options, latency } = problem;
  const weighted = alpha !== 0 || tieAlpha !== 0;
  const { accuracy, rows } = weighted ? accuracyOf(problem) : { accuracy: new Map<string, number>(), rows: [] };
  const penalties = choiceTerms(options, (option) => -(option.penalty + option.tie));
  const ties = choiceTerms(options, (option) => -option.tie);
  const limited = [
    ...problem.rows.map((row, r) => ({
      name: row.name,
      terms: choiceTerms(options, (option) => option.uses[r] ?? 0),
      limit: row.limit + ROW_TOLERANCE,
    })),
    ...latency.paths.map((path, p) => ({
      name: `latency_${p}`,
      terms: choiceTerms(options, (option, s) => (path.includes(s) ? option.latency.mean : 0)),
      limit: latency.limit + ROW_TOLERANCE,
    })),
  ];
  return {
    value: add(scaled(accuracy, alpha + tieAlpha), penalties),
    ties: add(scaled(accuracy, tieAlpha), ties),
    rows: [
      ...options.map((ofStage, s) => ({
        name: `one_${s}`,
        terms: new Map(ofStage.map((_, o) => [choice(s, o), 1])),
        equals: true,
        limit: 1,
      })),
      ...limited.filter((row) => row.limit < Infinity),
      ...rows,
    ],
    choices: options.map((ofStage, s) => ofStage.map((_, o) => choice(s, o))),
  };
}

/** Maximise `objective` under the rows, in CPLEX's LP format. */
export function lpText(milp: Milp, objective: Terms, cuts: readonly LinearRow[] = []): string {
  const rows = [...milp.rows, ...cuts].map(
    (row) => ` ${row.name}: ${termsText(row.terms, milp)} ${row.equals === true ? "=" : "<="} ${row.limit}`,
  );
  const binary = milp.choices.map((ofStage) => ` ${ofStage.join(" ")}`);
  const lines = [
    "Maximize",
    ` value: ${termsText(objective, milp)}`,
    "Subject To",
    ...rows,
    "Binary",
    ...binary,
    "End",
  ];
  return `${lines.join("\n")}\n`;
}

/** Forbids exactly one choice. */
export function noGood(name: string, problem: Problem, chosen: readonly Option[]): LinearRow {
  return {
    name,
    terms: choiceTerms(problem.options, (option, s) => (option === chosen[s] ? 1 : 0)),
    limit: problem.options.length - 1,
  };
}

/** The value is at least `least`; scaled by `scale`, so that an absolute tolerance means the same for any weights. */
export function atLeast(name: string, value: Terms, least: number, scale: number): LinearRow {
  return { name, terms: scaled(value, -scale), limit: -scale * least };
}

/**
 * For each path that a choice makes too long, a linear row that all choices within the limit keep and
 * this one breaks. By Cauchy–Schwarz √(F² + ΣE_s²) ≥ w_0·F + Σ w_s·E_s for every unit vector w, with
 * equality where w points along (F, E_1, …): F the sum of forming, E_s = √excessSquared.
 */
export function latencyCuts(name: string, problem: Problem, chosen: readonly Option[]): readonly LinearRow[] {
  const limit = problem.latency.limit + ROW_TOLERANCE;
  return problem.latency.paths.flatMap((path, p): LinearRow[] => {
    const onPath = { ...problem, latency: { ...problem.latency, paths: [path] } };
    if (latencyOf(onPath, chosen) <= limit) return [];
    const terms = path.flatMap((s) => chosen[s]?.latency ?? []);
    const forming = terms.reduce((sum, term) => sum + term.forming, 0);
    const length = Math.sqrt(terms.reduce((sum, term) => sum + term.excessSquared, forming * forming));
    if (length === 0) return [];
    const excess = (option: Option, s: number): number =>
      (forming / length) * option.latency.forming +
      (Math.sqrt(chosen[s]?.latency.excessSquared ?? 0) / length) * Math.sqrt(option.latency.excessSquared);
    const use = (option: Option, s: number): number => (path.includes(s) ? option.latency.mean + excess(option, s) : 0);
    return [{ name: `${name}_${p}`, terms: choiceTerms(problem.options, use), limit }];
  });
}

/** The accuracy as an expression, with the rows that a product needs. */
function accuracyOf(problem: Problem): { readonly accuracy: Terms; readonly rows: readonly LinearRow[] } {
  const { options, combine } = problem;
  if (combine === "sum") return { accuracy: choiceTerms(options, (option) => option.score), rows: [] };

  const [first = []] = options;
  let product: Terms = choiceTerms([first], (option) => option.score);
  let most = Math.max(0, ...first.map((option) => option.score));
  const rows: LinearRow[] = [];
  options.slice(1).forEach((ofStage, before) => {
    const s = before + 1;
    const scores = [...new Set(ofStage.map((option) => option.score))];
    const ys = scores.map((score, v) => ({ score, y: `y_${s}_${v}` }));
    rows.push({
      name: `carry_${s}`,
      terms: add(new Map(ys.map(({ y }) => [y, 1])), scaled(product, -1)),
      equals: true,
      limit: 0,
    });
    for (const { score, y } of ys) {
      const ofScore = ofStage.flatMap((option, o): [string, number][] =>
        option.score === score && most > 0 ? [[choice(s, o), -most]] : [],
      );
      rows.push({ name: `if_${y}`, terms: new Map([[y, 1], ...ofScore]), limit: 0 });
    }
    product = new Map(ys.flatMap(({ score, y }): [string, number][] => (score === 0 ? [] : [[y, score]])));
    most *= Math.max(0, ...scores);
  });
  return { accuracy: product, rows };
}

function choice(stage: number, option: number): string {
  return `x_${stage}_${option}`;
}

function choiceTerms(options: Problem["options"], of: (option: Option, stage: number) => number): Terms {
  const all = options.flatMap((ofStage, s) =>
    ofStage.map((option, o): [string, number] => [choice(s, o), of(option, s)]),
  );
  return new Map(all.filter(([, coefficient]) => coefficient !== 0));
}

function scaled(terms: Terms, factor: number): Terms {
  return factor === 0 ? new Map() : new Map([...terms].map(([name, coefficient]) => [name, factor * coefficient]));
}

function add(a: Terms, b: Terms): Terms {
  const sum = new Map(a);
  for (const [name, coefficient] of b) sum.set(name, (sum.get(name) ?? 0) + coefficient);
  return sum;
}

/** LP format has no empty expression: nothing is written as 0 times the first column. */
function termsText(terms: Terms, milp: Milp): string {
  if (terms.size === 0) return `0 ${milp.choices[0]?.[0] ?? "none"}`;
  return [...terms]
    .map(([name, coefficient]) => `${coefficient < 0 ? "-" : "+"} ${Math.abs(coefficient)} ${name}`)
    .join(" ");
}
