import { isAlias, isCollection, isMap, isScalar, parseDocument, visit, type YAMLMap } from 'yaml';
import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Path } from '../diagnostics/origin.ts';
import { describeReadFailure } from '../diagnostics/read-failure.ts';
import type { ReadResult } from '../ports/files.ts';
import { masked } from '../tree/shown.ts';
import { decodeText } from '../tree/text.ts';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Values, and how a scalar among them stands in the file (0644, not 420 or 644); undefined where there is none. */
export type SourceAt = (path: Path) => string | undefined;
type Yaml =
  | { readonly ok: true; readonly value: unknown; readonly sourceAt?: SourceAt }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Deeper than any file of ours, and far from where recursion ends. */
const deepest = 100;

/**
 * Reads a YAML file of ours (cluster.yaml, pins.yaml, bundle.yaml) into plain values, or says all that is wrong with its
 * syntax. `whenEmpty` is what a file means that says nothing; without it that is an error.
 */
export function readYaml(file: string, result: ReadResult, whenEmpty?: unknown): Yaml {
  if (result.kind !== 'file') {
    return failed(finding('SPEC_FILE_UNREADABLE', { file }, { file, reason: describeReadFailure(result) }));
  }
  if (result.parsed !== undefined) return { ok: true, value: result.parsed };
  const decoded = decodeText(result.bytes);
  if (decoded.ok) return parseYaml(file, decoded.text, whenEmpty);
  // The place is in words: where there is no text, no line is looked up later.
  const reason = `${decoded.reason}${describePlace(result.bytes)}`;
  return failed(finding('SPEC_FILE_ENCODING', { file, offset: decoded.offset }, { reason }));
}

/** Of the first byte that is no text: " (line 3, column 7)"; nothing of UTF-16, where all bytes are wrong. */
function describePlace(bytes: Uint8Array): string {
  const isUtf16 = (bytes[0] ?? 0) >= 0xfe && (bytes[1] ?? 0) >= 0xfe;
  const [before = '', ...after] = new TextDecoder().decode(bytes).split(/[\0\ufffd]/, 2);
  if (isUtf16 || after.length === 0) return '';
  const lines = before.split('\n');
  return ` (line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1})`;
}

/** The same from text. Anchors and aliases are refused: they hide from the reader what a worker gets, and can blow up in memory. */
export function parseYaml(file: string, text: string, whenEmpty?: unknown): Yaml {
  try {
    return parseNested(file, text, whenEmpty);
  } catch (error) {
    // The parser calls itself for every level.
    if (error instanceof RangeError) return failed(tooDeep(file));
    throw error;
  }
}

function parseNested(file: string, text: string, whenEmpty: unknown): Yaml {
  // Not 'silent': with that the parser says nothing of a second document. A tag that it does not know is a mere warning to it.
  // Its own search for equal keys compares each with each, a second for 10,000 workers.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', uniqueKeys: false });
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.some(error => isTooDeep(error.message))) return failed(tooDeep(file));
  // What else the parser says of such a file follows from the tabs.
  const tabs = wrong.filter(error => error.code === 'TAB_AS_INDENT');
  const findings = (tabs.length > 0 ? tabs : wrong).map(error =>
    syntaxFinding(file, error.code, error.message, error.pos[0]),
  );
  if (tabs.length > 0) return failed(...findings);
  let depth = 0;
  visit(document, {
    Collection(_, collection, ancestors) {
      depth = Math.max(depth, ancestors.filter(isCollection).length + 1);
      if (isMap(collection)) findings.push(...keyFindings(file, collection));
    },
  });
  if (depth > deepest) return failed(tooDeep(file));
  if (/[&*]/.test(text)) {
    visit(document, {
      Node(_, node) {
        const name = isAlias(node)
          ? `*${node.source}`
          : 'anchor' in node && node.anchor
            ? `&${node.anchor}`
            : undefined;
        if (name) findings.push(finding('SPEC_YAML_ALIAS', { file, offset: node.range?.[0] ?? 0 }, { name }));
      },
    });
  }
  if (findings.length > 0) return { ok: false, findings };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return whenEmpty === undefined
      ? failed(finding('SPEC_FILE_EMPTY', { file }, { file }))
      : { ok: true, value: whenEmpty };
  }
  return {
    ok: true,
    value: document.toJS(),
    sourceAt: path => {
      const node: unknown = document.getIn(path, true);
      return isScalar(node) ? node.source : undefined;
    },
  };
}

/** Keys that stand twice, and those that mean something else than a key. */
function keyFindings(file: string, map: YAMLMap): readonly Finding[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }): readonly Finding[] => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    const origin = { file, offset: key.range?.[0] ?? 0 };
    if (seen.has(name)) return [finding('SPEC_YAML_DUPLICATE_KEY', origin, { key: masked(name) })];
    seen.add(name);
    // To JavaScript it is no key but what an object inherits from, so what it says would vanish.
    if (name === '__proto__')
      return [finding('SPEC_UNKNOWN_FIELD', origin, { field: name, known: [], meant: undefined })];
    if (name === '<<' && key.type === 'PLAIN') return [finding('SPEC_YAML_ALIAS', origin, { name })];
    return [];
  });
}

function isTooDeep(message: string): boolean {
  return /maximum call stack/i.test(message);
}

/** Without a place: to find it the file would be parsed again. */
function tooDeep(file: string): Finding {
  return finding('SPEC_YAML_SYNTAX', { file }, { reason: `it is nested too deeply, more than ${deepest} levels` });
}

function syntaxFinding(file: string, code: string, message: string, offset: number): Finding {
  const origin = { file, offset };
  switch (code) {
    case 'MULTIPLE_DOCS':
      return finding('SPEC_YAML_SEVERAL_DOCUMENTS', origin, {});
    case 'TAB_AS_INDENT':
      return finding('SPEC_YAML_TAB', origin, {});
    default:
      return finding('SPEC_YAML_SYNTAX', origin, { reason: message.replace(/\.?\s*$/, '').replace(/\s+/g, ' ') });
  }
}

function failed(...findings: readonly Finding[]): { readonly ok: false; readonly findings: readonly Finding[] } {
  return { ok: false, findings };
}
