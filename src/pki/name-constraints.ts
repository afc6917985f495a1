import { type Cursor, contextTag, enter, enterIf, expectEnd, isEmpty, malformed, rest, tags } from './der.ts';
import type { IpRange } from './ip-range.ts';
import { isDomain, readMailbox } from './mailbox.ts';

/** Subtrees that a CA may (`permitted`) or may not (`excluded`) issue for. */
export type Subtrees = {
  readonly dns: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  readonly ip: readonly IpRange[];
};

export type NameConstraints = {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** There are constraints of a type that Go does not know (directory names): it refuses the CA when the extension is critical. */
  readonly unhandled: boolean;
};

const what = 'the name constraints';

/** Reads the value of the extension (parseNameConstraintsExtension of Go). */
export function readNameConstraints(value: Cursor): NameConstraints {
  const sequence = enter(value, tags.sequence, what);
  expectEnd(value, what);
  const permitted = enterIf(sequence, contextTag(0, true), what);
  const excluded = enterIf(sequence, contextTag(1, true), what);
  expectEnd(sequence, what);
  if ((!permitted || isEmpty(permitted)) && (!excluded || isEmpty(excluded))) malformed(`${what} are empty`);
  const a = readSubtrees(permitted);
  const b = readSubtrees(excluded);
  return { permitted: a.subtrees, excluded: b.subtrees, unhandled: a.unhandled || b.unhandled };
}

function readSubtrees(cursor: Cursor | undefined): { readonly subtrees: Subtrees; readonly unhandled: boolean } {
  const dns: string[] = [];
  const email: string[] = [];
  const uri: string[] = [];
  const ip: IpRange[] = [];
  let unhandled = false;
  while (cursor && !isEmpty(cursor)) {
    const subtree = enter(cursor, tags.sequence, what);
    const tag = subtree.bytes[subtree.at];
    const content = rest(enter(subtree, undefined, what));
    const text = Buffer.from(content).toString('latin1');
    if (tag === 0x82) dns.push(domain(text));
    else if (tag === 0x81) email.push(text.includes('@') ? mailbox(text) : domain(text));
    else if (tag === 0x86) uri.push(host(text));
    else if (tag === 0x87) ip.push(network(content));
    else unhandled = true;
  }
  return { subtrees: { dns, email, uri, ip }, unhandled };
}

function domain(text: string): string {
  return isDomain(text.replace(/^\.(?=.)/, '')) ? text : malformed(`${what} have a malformed domain`);
}

function mailbox(text: string): string {
  return readMailbox(text) ? text : malformed(`${what} have a malformed e-mail address`);
}

/** The constraint of a URI; Go refuses addresses there. */
function host(text: string): string {
  return /:|^[\d.]+$/.test(text) ? malformed(`${what} have an address for URIs`) : domain(text);
}

function network(content: Uint8Array): IpRange {
  if (content.length !== 8 && content.length !== 32) malformed(`${what} have an IP range of ${content.length} bytes`);
  const half = content.length / 2;
  const mask = content.subarray(half);
  const bits = [...mask].map(octet => octet.toString(2).padStart(8, '0')).join('');
  if (/01/.test(bits)) malformed(`${what} have an IP range whose mask has a hole`);
  return { address: content.subarray(0, half), mask };
}
