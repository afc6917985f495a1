/** A number with commas between thousands. Intl would give the same and cost 10 ms to load. */
export function withCommas(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
