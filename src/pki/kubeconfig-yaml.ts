import { isMap, isNode, parseDocument } from 'yaml';

export type YamlText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly offset: number; readonly reason: string };

/**
 * The values of a kubeconfig's YAML. Anchors, aliases and merge keys are followed, as client-go does; several
 * documents are refused.
 */
export function parseKubeconfigYaml(text: string): YamlText {
  const plain = parsePlainYaml(text);
  return plain === undefined ? parseAnyYaml(text) : { ok: true, value: plain };
}

function parseAnyYaml(text: string): YamlText {
  // At the level `silent` the library drops the error about several documents.
  const document = parseDocument(text, { merge: true, prettyErrors: false, logLevel: 'error' });
  const error = document.errors[0];
  if (error) {
    const reason =
      error.code === 'MULTIPLE_DOCS'
        ? 'a second document begins here, and only the first would be read'
        : error.code === 'DUPLICATE_KEY'
          ? `the key ${/^[^\s:#]+/.exec(text.slice(error.pos[0]))?.[0] ?? ''} stands twice in this map`
          : error.message.replace(/\.?\s*$/, '').replace(/\s+/g, ' ');
    return { ok: false, offset: error.pos[0], reason };
  }
  // The library's limit on aliases stops what would fill the memory.
  try {
    return { ok: true, value: document.toJS() };
  } catch {
    const start = isNode(document.contents) && isMap(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
    return { ok: false, offset: start, reason: 'its aliases cannot be followed' };
  }
}

type Line = {
  readonly indent: number;
  readonly key: string;
  readonly value: string | undefined;
  readonly item: boolean;
};
type Cursor = { readonly lines: readonly Line[]; at: number };

/**
 * The YAML that kubectl and firstboot write (block maps and lists of them, scalars in one line), read about fifty
 * times faster than
 * by the library, which takes a millisecond a file: ten thousand workers have ten thousand of them. Undefined for
 * whatever else
 * there is, valid or not: then the library decides.
 */
export function parsePlainYaml(text: string): unknown {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    if (/^ *(#.*)?$/.test(line)) continue;
    const match = /^( *)(- )?([A-Za-z][A-Za-z-]*):(?: (\S+))?$/.exec(line);
    if (!match) return undefined;
    const [, blanks = '', dash, key = '', value] = match;
    lines.push({ indent: blanks.length, key, value, item: dash !== undefined });
  }
  const cursor: Cursor = { lines, at: 0 };
  const first = lines[0];
  if (first?.indent !== 0 || first.item) return undefined;
  const root = readMap(cursor, 0);
  return cursor.at === lines.length ? root : undefined;
}

/** A map whose keys stand at `indent`; the first may follow a dash, which counts as blanks. */
function readMap(cursor: Cursor, indent: number): Record<string, unknown> | undefined {
  const map: Record<string, unknown> = {};
  for (let first = true; ; first = false) {
    const line = cursor.lines[cursor.at];
    if (!line || columnOf(line) < indent || (line.item && !first)) return map;
    if (columnOf(line) > indent || Object.hasOwn(map, line.key)) return undefined;
    cursor.at++;
    const value = line.value === undefined ? readBelow(cursor, indent) : readScalar(line.value);
    if (value === undefined) return undefined;
    map[line.key] = value;
  }
}

function columnOf(line: Line): number {
  return line.item ? line.indent + 2 : line.indent;
}

/** What stands below a key at `indent`: a deeper map, or a list, whose dashes may stand as far left as the key. */
function readBelow(cursor: Cursor, indent: number): unknown {
  const line = cursor.lines[cursor.at];
  if (!line) return undefined;
  if (!line.item) return line.indent > indent ? readMap(cursor, line.indent) : undefined;
  if (line.indent < indent) return undefined;
  const list: unknown[] = [];
  for (let item: Line | undefined = line; item?.item && item.indent === line.indent; item = cursor.lines[cursor.at]) {
    const map = readMap(cursor, line.indent + 2);
    if (map === undefined) return undefined;
    list.push(map);
  }
  return list;
}

/**
 * Text that no YAML version reads as anything else; begins with a letter or slash, so it is no number, date or
 * indicator.
 */
const surelyText = /^[A-Za-z/][A-Za-z0-9/+._=@:-]*(?<!:)$/;
/** What some reader of YAML 1.1 or 1.2 takes for a boolean, null or number (`E0`, to the `yaml` library). */
const reservedWord = /^(true|false|yes|no|on|off|y|n|null|e[-+]?\d{1,14})$/i;

/** Whether no reader takes the scalar for anything but text when it stands without quotes. */
export function isPlainText(text: string): boolean {
  // A regular expression that ignores case is slow on long base64, and only short words are reserved.
  return surelyText.test(text) && (text.length > 16 || !reservedWord.test(text));
}

function readScalar(text: string): unknown {
  if (isPlainText(text)) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === '{}') return {};
  if (/^"[ !#-[\]-~]*"$/.test(text) || /^'[ -&(-~]*'$/.test(text)) return text.slice(1, -1);
  return undefined;
}
