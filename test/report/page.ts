/** What a page is made of, for tests to compare. */
export type Page = {
  /** Start and end tags in order, with the names of their attributes. */
  readonly structure: readonly string[];
  readonly attributes: readonly { readonly tag: string; readonly name: string; readonly value: string }[];
  /** All text, entities resolved. */
  readonly text: string;
};

const voids = ['!doctype', 'meta'];
const token =
  /<(?<end>\/)?(?<tag>[!a-z][a-z0-9]*)(?<attributes>(?: [a-zA-Z0-9:-]+(?:="[^"<]*")?)*)(?<empty>\/)?>|(?<text>[^<&]+)|&(?<entity>amp|lt|gt|quot|#39);/y;

/** Reads a page as strictly as XML is read, but for doctype and meta: throws where it is not well-formed. */
export function readPage(page: string): Page {
  const structure: string[] = [];
  const attributes: { tag: string; name: string; value: string }[] = [];
  const open: string[] = [];
  let text = '';
  token.lastIndex = 0;
  while (token.lastIndex < page.length) {
    const at = token.lastIndex;
    const found = token.exec(page)?.groups;
    if (!found) throw new Error(`not well-formed: ${page.slice(at, at + 80)}`);
    text += found.text ?? unescaped(found.entity);
    if (!found.tag) continue;
    if (found.end && open.pop() !== found.tag) throw new Error(`</${found.tag}> ends another element`);
    if (!found.end && !found.empty && !voids.includes(found.tag)) open.push(found.tag);
    const own = [...(found.attributes ?? '').matchAll(/ ([a-zA-Z0-9:-]+)(?:="([^"]*)")?/g)];
    structure.push([found.end ?? '', found.tag, ...own.map(one => one[1])].join(' '));
    for (const [, name = '', value = ''] of own) attributes.push({ tag: found.tag, name, value });
  }
  if (open.length > 0) throw new Error(`never ended: ${open.join(', ')}`);
  return { structure, attributes, text };
}

function unescaped(entity: string | undefined): string {
  return entity ? ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }[entity] ?? '') : '';
}
