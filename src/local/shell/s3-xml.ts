import { escapeXml } from '../escape-xml.ts';

/** Text, elements by name, or several elements of one name; undefined is left out. */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlContent[]
  | { readonly [element: string]: XmlContent };

/** An answer of S3. The order of elements is that of the object. */
export function s3Xml(root: string, content: { readonly [element: string]: XmlContent } | string): string {
  const inner = typeof content === 'string' ? escapeXml(content) : elements(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`;
}

function elements(content: { readonly [element: string]: XmlContent }): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (isList(value) ? value : [value]).map(one => element(name, one)))
    .join('');
}

function element(name: string, value: XmlContent): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map(one => element(name, one)).join('');
  return `<${name}>${typeof value === 'object' ? elements(value) : escapeXml(String(value))}</${name}>`;
}

function isList(value: XmlContent): value is readonly XmlContent[] {
  return Array.isArray(value);
}

/** An element as it was read; attributes and namespaces do not count. */
export type XmlElement = { readonly name: string; readonly children: XmlElement[]; text: string };

const token = new RegExp(
  [
    /<\?[^>]*\?>|<!--[\s\S]*?-->/,
    /<!\[CDATA\[([\s\S]*?)\]\]>/,
    /<(\/?)(?:[\w.-]+:)?([\w.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/,
    /([^<]+)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gy',
);
const maxDepth = 32;

/** Reads the document of a request; undefined: it is none that S3 would take (a DOCTYPE among them). */
export function readXml(text: string): XmlElement | undefined {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open = [top];
  let at = 0;
  for (const match of text.replace(/^\ufeff/, '').matchAll(token)) {
    at = match.index + match[0].length;
    const [, cdata, closes, name, empty, plain] = match;
    const inner = open.at(-1) ?? top;
    if (cdata !== undefined) inner.text += cdata;
    else if (plain !== undefined) inner.text += unescaped(plain);
    else if (name === undefined) continue;
    else if (closes) {
      if (open.length < 2 || inner.name !== name) return undefined;
      open.pop();
    } else {
      const child: XmlElement = { name, children: [], text: '' };
      inner.children.push(child);
      if (!empty) open.push(child);
      if (open.length > maxDepth) return undefined;
    }
  }
  const isWhole = at === text.replace(/^\ufeff/, '').length && open.length === 1;
  return isWhole && top.children.length === 1 && top.text.trim() === '' ? top.children[0] : undefined;
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

export function childrenOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return parent?.children.filter(child => child.name === name) ?? [];
}

/** The element at a path below another. */
export function childOf(parent: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((found, name) => childrenOf(found, name)[0], parent);
}

export function textOf(parent: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  return childOf(parent, ...path)?.text;
}
