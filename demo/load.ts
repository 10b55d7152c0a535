/** A day in two minutes: quiet, a rush, quiet again, and busy. By share of the whole time, requests per second. */
const COURSE = [
  [0, 5],
  [0.2, 5],
  [0.28, 45],
  [0.48, 45],
  [0.55, 8],
  [0.8, 8],
  [0.85, 20],
  [1, 20],
] as const;

/** The same in words. */
export const STORY = "5 requests/s, then a rush of 45, then 8, and in the end 20";

/** The load at a share of the whole time, on straight lines between the points. */
export function loadAt(share: number): number {
  const next = COURSE.findIndex(([at]) => at > share);
  const [to, from] = [COURSE[next], COURSE[next - 1]];
  if (to === undefined || from === undefined) return COURSE.at(next === 0 ? 0 : -1)?.[1] ?? 0;
  return from[1] + ((to[1] - from[1]) * (share - from[0])) / (to[0] - from[0]);
}
