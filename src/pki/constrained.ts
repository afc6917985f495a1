import type { AlternativeNames } from './alternative-names.ts';
import { goFinds, inRange } from './ip-range.ts';
import { isDomain, readMailbox } from './mailbox.ts';
import type { NameConstraints, Subtrees } from './name-constraints.ts';

/**
 * The first name of a certificate that its CA's constraints forbid, with the reason; undefined when all may be issued. Every name
 * counts, whichever is used (checkChainConstraints of Go).
 */
export function whyForbidden({ permitted, excluded }: NameConstraints, names: AlternativeNames): string | undefined {
  return (
    firstForbidden(names.ipAddresses, 'ip', permitted, excluded, (address, range) =>
      inRange(octetsOf(address), range),
    ) ??
    names.ipAddresses
      .filter(address => permitted.ip.length > 0 && !goFinds(octetsOf(address), permitted.ip))
      .map(address => `Go finds ${address} in none of the permitted subtrees`)[0] ??
    names.dnsNames.filter(name => !isDomain(name)).map(name => `${name} is no DNS name`)[0] ??
    firstForbidden(
      names.dnsNames,
      'dns',
      permitted,
      excluded,
      (name, subtree, isExcluded) => inDomain(name, subtree) || (isExcluded && wildcardCovers(name, subtree)),
    ) ??
    names.emailAddresses.filter(email => !readMailbox(email)).map(email => `${email} is no e-mail address`)[0] ??
    firstForbidden(names.emailAddresses, 'email', permitted, excluded, matchesMailbox) ??
    firstForbidden(names.uris, 'uri', permitted, excluded, (uri, subtree) => inDomain(hostOf(uri) ?? '', subtree)) ??
    names.uris.filter(uri => hostOf(uri) === undefined).map(uri => `${uri} has no host that could be compared`)[0]
  );
}

function firstForbidden<K extends keyof Subtrees>(
  names: readonly string[],
  kind: K,
  permitted: Subtrees,
  excluded: Subtrees,
  within: (name: string, subtree: Subtrees[K][number], isExcluded: boolean) => boolean,
): string | undefined {
  const allowed: readonly Subtrees[K][number][] = permitted[kind];
  const denied: readonly Subtrees[K][number][] = excluded[kind];
  for (const name of names) {
    if (allowed.length > 0 && !allowed.some(subtree => within(name, subtree, false)))
      return `${name} is in none of the permitted subtrees`;
    if (denied.some(subtree => within(name, subtree, true))) return `${name} is in an excluded subtree`;
  }
  return undefined;
}

/** A leading dot asks for at least one more label; the empty subtree is everything. */
function inDomain(name: string, subtree: string): boolean {
  const [n, s] = [name.toLowerCase(), subtree.toLowerCase()];
  if (s === '') return true;
  return s.startsWith('.') ? n.endsWith(s) : n === s || n.endsWith(`.${s}`);
}

/** An excluded name that a wildcard of the certificate would match. */
function wildcardCovers(name: string, subtree: string): boolean {
  const parent = (domain: string) => domain.slice(domain.indexOf('.')).toLowerCase();
  return name.startsWith('*') && name.includes('.') && subtree.includes('.') && parent(name) === parent(subtree);
}

/** A whole mailbox is compared with a constraint that has an @, its domain with one that has none. */
function matchesMailbox(email: string, subtree: string): boolean {
  const mailbox = readMailbox(email);
  if (!mailbox) return false;
  if (!subtree.includes('@')) return inDomain(mailbox.domain, subtree);
  const other = readMailbox(subtree);
  return mailbox.local === other?.local && mailbox.domain === other.domain;
}

/** The host name of a URI; undefined for none, and for an address, which Go refuses to compare. */
function hostOf(uri: string): string | undefined {
  const host = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/(?:[^/?#]*@)?([^/?#:[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(uri)?.[1];
  return host === undefined || /^[\d.]+$/.test(host) ? undefined : host;
}

/** Octets of an address as the certificate's reader writes it. */
function octetsOf(address: string): Uint8Array {
  return Uint8Array.from(numbersOf(address));
}

function numbersOf(address: string): readonly number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const mapped = /^::ffff:(.*\..*)$/.exec(address)?.[1];
  if (mapped !== undefined) return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...mapped.split('.').map(Number)];
  return address.split(':').flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}
