/** How often a random test runs: five times as often where IPA_LONG is set (`npm run test:long`). */
export function runs(usually: number): number {
  return process.env["IPA_LONG"] === undefined ? usually : 5 * usually;
}
