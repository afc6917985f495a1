/** Where two JSON-like values differ, as “path: this, wanted that”. */
export function differences(found: unknown, wanted: unknown, path = ''): readonly string[] {
  if (isObject(found) && isObject(wanted)) {
    const names = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
    return names.flatMap(name => differences(found[name], wanted[name], `${path}.${name}`));
  }
  if (found === wanted) return [];
  return [`${path.slice(1)}: ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
