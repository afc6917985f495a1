import { type Cursor, enter, expectEnd, isEmpty, malformed, rest, tags } from './der.ts';

/** Subject alternative names, in the certificate's order by type. */
export type AlternativeNames = {
  readonly dnsNames: readonly string[];
  /** As text: "10.0.1.20", and IPv6 in eight groups. A mapped address stays IPv6 ("::ffff:10.0.1.20"). */
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** How many there are of other types (directory names, registered IDs, otherName). */
  readonly otherNames: number;
};

export const noAlternativeNames: AlternativeNames = {
  dnsNames: [],
  ipAddresses: [],
  emailAddresses: [],
  uris: [],
  otherNames: 0,
};

const what = 'the subject alternative names';

/** Reads the value of the extension; refuses what Go's parser refuses (parseSANExtension). */
export function readAlternativeNames(value: Cursor): AlternativeNames {
  const sequence = enter(value, tags.sequence, what);
  expectEnd(value, what);
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  const emailAddresses: string[] = [];
  const uris: string[] = [];
  let otherNames = 0;
  while (!isEmpty(sequence)) {
    const tag = sequence.bytes[sequence.at];
    const content = rest(enter(sequence, undefined, what));
    if (tag === 0x81) emailAddresses.push(ascii(content));
    else if (tag === 0x82) dnsNames.push(ascii(content));
    else if (tag === 0x86) uris.push(checkedUri(ascii(content)));
    else if (tag === 0x87) ipAddresses.push(addressText(content));
    else otherNames++;
  }
  return { dnsNames, ipAddresses, emailAddresses, uris, otherNames };
}

function ascii(content: Uint8Array): string {
  if (content.some(octet => octet > 0x7f)) malformed(`${what} have a name that is not ASCII`);
  return Buffer.from(content).toString('latin1');
}

/** What Go's url.Parse takes of RFC 3986: no control characters, bad escapes, ports that are no number, hosts with empty labels. */
function checkedUri(uri: string): string {
  const [, authority = ''] = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*)/.exec(uri) ?? [];
  const [, host, literal] =
    /^(?:[\w\-.:~!$&'()*+,;=%@]*@)?(?:([^:[\]%\s"<>\\^`{|}@]*)|(\[[0-9a-fA-F:.]+\]))(?::\d*)?$/.exec(authority) ?? [];
  const usable = literal === undefined ? host !== undefined && !/\.\.|\.$|^\./.test(host) : isIpv6(literal);
  // A colon in the first segment of a path would be read as a scheme's.
  const noScheme = /^[^/?#]*:/.test(uri) && !/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(uri);
  if (noScheme || !usable || /[\0-\x20\x7f]/.test(uri) || /%(?![0-9a-fA-F]{2})/.test(uri)) {
    malformed(`${what} have a malformed URI`);
  }
  return uri;
}

function isIpv6(literal: string): boolean {
  return URL.canParse(`http://${literal}`);
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) malformed(`${what} have an IP address of ${octets.length} bytes`);
  const mapped = octets.subarray(0, 10).every(octet => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
  if (mapped) return `::ffff:${octets.subarray(12).join('.')}`;
  return Array.from({ length: 8 }, (_, group) =>
    ((octets[2 * group] ?? 0) * 256 + (octets[2 * group + 1] ?? 0)).toString(16),
  ).join(':');
}
