/** k8s.io/apimachinery/pkg/util/validation: IsQualifiedName. Why a key is none, or undefined. */
export function qualifiedNameProblem(key: string): string | undefined {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 1 ? [undefined, parts[0] ?? ''] : [parts[0] ?? '', parts[1] ?? ''];
  if (parts.length > 2) return 'the key has more than one slash';
  if (prefix !== undefined) {
    if (prefix === '') return 'nothing stands before the slash of the key';
    if (prefix.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(prefix))
      return `“${prefix}” is not a DNS name in lower case`;
  }
  if (name === '') return 'the key has no name';
  if (name.length > 63) return `the name of the key has ${name.length} characters, and 63 is the most`;
  return /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)
    ? undefined
    : `“${name}” has a character that a name may not have, or none of letters and digits at an end`;
}

/** IsValidLabelValue; the empty text is one. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return `the value has ${value.length} characters, and 63 is the most`;
  return /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value)
    ? undefined
    : `“${value}” has a character that a value may not have, or none of letters and digits at an end`;
}

/** Whether a DNS name is a domain or below it. */
export function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
