import { isMap, isNode, isPair, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Origin, Path } from './origin.ts';

export type Place = { readonly file: string; readonly line?: number; readonly column?: number };

/**
 * Finds places late: `readText` gives a file's text (undefined when it cannot be had), each file is parsed at most once, and only
 * when something is reported in it.
 */
export function createLocator(readText: (file: string) => string | undefined): (origin: Origin) => Place {
  const sources = new Map<string, Source | undefined>();
  return origin => {
    if (!sources.has(origin.file)) {
      const text = readText(origin.file);
      sources.set(origin.file, text === undefined ? undefined : createSource(text));
    }
    const place = sources.get(origin.file)?.place(origin);
    return place ? { file: origin.file, ...place } : { file: origin.file };
  };
}

type Source = { readonly place: (origin: Origin) => { line: number; column: number } | undefined };

function createSource(text: string): Source {
  let yaml: { readonly root: Node | null; readonly lines: LineCounter } | undefined;
  const document = () => {
    if (!yaml) {
      const lines = new LineCounter();
      yaml = {
        root: parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' }).contents,
        lines,
      };
    }
    return yaml;
  };
  return {
    place(origin) {
      if (origin.block !== undefined) return lineAndColumn(text, offsetOfBlock(text, origin.block));
      if (origin.offset !== undefined) return lineAndColumn(text, origin.offset);
      if (origin.path === undefined) return undefined;
      const { root, lines } = document();
      const { line, col } = lines.linePos(offsetOfPath(root, origin.path, origin.atKey === true));
      return { line, column: col };
    },
  };
}

/** The offset of the node at a path; of the deepest ancestor that exists when there is no such node. */
function offsetOfPath(root: Node | null, path: Path, atKey: boolean): number {
  let offset = start(root);
  let node: unknown = root;
  for (const [index, key] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(item => isPair(item) && keyOf(item.key) === String(key));
      if (!pair) return offset;
      const below = last && !atKey && isNode(pair.value) && pair.value.range ? pair.value : pair.key;
      offset = start(below as Node) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) return offset;
      offset = start(node);
    } else return offset;
  }
  return offset;
}

function keyOf(key: unknown): string {
  return String(isNode(key) ? key.toJSON() : key);
}

function start(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function offsetOfBlock(text: string, block: number): number {
  let offset = -1;
  for (let n = 0; n < block; n++) {
    const next = text.indexOf('-----BEGIN', offset + 1);
    if (next === -1) break;
    offset = next;
  }
  return Math.max(offset, 0);
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
