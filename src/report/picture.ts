/** A chart as a file of its own: it brings the light page that it would otherwise find where it is put. */
export function pictureOf(chart: string): string {
  return `${chart.replace('style="', 'style="background: white; color: black; ')}\n`;
}
