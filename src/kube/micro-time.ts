/** The form of time that Leases and Events want: six digits behind the second, of which a date has three. */
export function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}
