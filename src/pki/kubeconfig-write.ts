import { isPlainText } from './kubeconfig-yaml.ts';

/** What a kubeconfig is written of: no numbers, no nulls. Undefined members are left out. */
export type YamlData = string | boolean | readonly YamlData[] | { readonly [key: string]: YamlData | undefined };

/**
 * Data as block YAML that readers of YAML 1.1 (PyYAML), 1.2 and Go's read back to the same values. In place of the
 * library, which
 * takes longer for one kubeconfig than all other compiling of a worker.
 */
export function writeYaml(data: { readonly [key: string]: YamlData | undefined }): string {
  return mapLines(data, '').join('');
}

function mapLines(map: { readonly [key: string]: YamlData | undefined }, indent: string): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (typeof value === 'string' || typeof value === 'boolean') return [`${indent}${scalar(key)}: ${scalar(value)}\n`];
    const lines = isList(value)
      ? value.flatMap(item => itemLines(item, `${indent}  `))
      : mapLines(value, `${indent}  `);
    if (lines.length === 0) return [`${indent}${scalar(key)}: ${isList(value) ? '[]' : '{}'}\n`];
    return [`${indent}${scalar(key)}:\n`, ...lines];
  });
}

/** An item's first line has its dash in place of two blanks. */
function itemLines(item: YamlData, indent: string): string[] {
  if (typeof item === 'string' || typeof item === 'boolean') return [`${indent}- ${scalar(item)}\n`];
  const lines = isList(item) ? item.flatMap(below => itemLines(below, `${indent}  `)) : mapLines(item, `${indent}  `);
  const [first, ...rest] = lines;
  if (first === undefined) return [`${indent}- ${isList(item) ? '[]' : '{}'}\n`];
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

function isList(
  value: readonly YamlData[] | { readonly [key: string]: YamlData | undefined },
): value is readonly YamlData[] {
  return Array.isArray(value);
}

function scalar(value: string | boolean): string {
  if (typeof value === 'boolean') return String(value);
  return isPlainText(value) ? value : quote(value);
}

/** A double-quoted scalar. Beyond printable ASCII everything is escaped: readers differ in what they let through. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/gu, character => {
    const point = character.codePointAt(0) ?? 0;
    return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
