import {
  type Cursor,
  contextTag,
  enter,
  enterIf,
  hex,
  isEmpty,
  malformed,
  peek,
  readOid,
  readSmallInteger,
  rest,
  tags,
} from './der.ts';

/**
 * Extensions of no consequence for a worker, but Go parses them and refuses the certificate when it cannot (processExtensions).
 * False for an extension that Go does not read either.
 */
export function readUnusedExtension(oid: string, critical: boolean, value: Cursor): boolean {
  switch (oid) {
    case '2.5.29.32':
      readPolicies(value);
      return true;
    case '2.5.29.31':
      readDistributionPoints(value);
      return true;
    case '2.5.29.33':
      forEach(value, 'the policy mappings', (mapping, what) => {
        enter(mapping, tags.oid, what);
        enter(mapping, tags.oid, what);
      });
      return true;
    case '2.5.29.54':
      readSmallInteger(value, 'inhibitAnyPolicy');
      return true;
    case '1.3.6.1.5.5.7.1.1':
      if (critical) malformed('the authority information access is marked critical');
      forEach(value, 'the authority information access', (access, what) => {
        readOid(access, what);
        enterIf(access, contextTag(6, false), what);
      });
      return true;
    default:
      return false;
  }
}

/** Each element of a SEQUENCE OF SEQUENCE. */
function forEach(value: Cursor, what: string, read: (element: Cursor, what: string) => void): void {
  const sequence = enter(value, tags.sequence, what);
  while (!isEmpty(sequence)) read(enter(sequence, tags.sequence, what), what);
}

function readPolicies(value: Cursor): void {
  const seen = new Set<string>();
  forEach(value, 'the certificate policies', (policy, what) => {
    const octets = rest(enter(policy, tags.oid, what));
    const last = octets[octets.length - 1];
    const padded = octets.some((octet, i) => octet === 0x80 && (i === 0 || (octets[i - 1] ?? 0) < 0x80));
    if (last === undefined || last >= 0x80 || padded || seen.has(hex(octets))) malformed(`${what} are malformed`);
    seen.add(hex(octets));
  });
}

function readDistributionPoints(value: Cursor): void {
  forEach(value, 'the CRL distribution points', (point, what) => {
    const name = enterIf(point, contextTag(0, true), what);
    const full = name && enter(name, contextTag(0, true), what);
    while (full && peek(full) === contextTag(6, false)) enter(full, contextTag(6, false), what);
  });
}
