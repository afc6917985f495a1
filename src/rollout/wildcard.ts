/** Whether a value matches a pattern as IAM reads it: `*` for any characters, `?` for one. Linear, however many stars. */
export function matchesWildcard(pattern: string, value: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < value.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === value[index])) {
      at++;
      index++;
    } else if (star !== -1) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
