import { type AlternativeNames, noAlternativeNames, readAlternativeNames } from './alternative-names.ts';
import {
  type Cursor,
  contextTag,
  enter,
  enterIf,
  expectEnd,
  hex,
  isEmpty,
  malformed,
  peek,
  readBitString,
  readBoolean,
  readInteger,
  readOid,
  readSmallInteger,
  rest,
  tags,
  whole,
} from './der.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';

import { readUnusedExtension } from './unused-extensions.ts';

export const usages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type Usage = (typeof usages)[number];

export const purposes = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** What a certificate's extensions say; undefined where there is no such extension. */
export type Extensions = AlternativeNames & {
  readonly keyUsage: readonly Usage[] | undefined;
  /** OIDs; `purposes` names those that matter here. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  /** Hex. */
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** The issuer's own issuer and serial, which OpenSSL compares; the name as DER of a Name, the serial as hex. */
  readonly authority: { readonly issuer: Uint8Array | undefined; readonly serial: string | undefined };
  readonly nameConstraints: NameConstraints | undefined;
  /** OIDs of critical extensions that Go does not handle: with one of them it refuses the certificate. */
  readonly unhandledCritical: readonly string[];
  /** The certificate demands a valid policy at once (policyConstraints, 0) and names none: Go finds no valid chain. */
  readonly demandsPolicy: boolean;
};

type Draft = { -readonly [K in keyof Extensions]: Extensions[K] };

/** Reads `[3] EXPLICIT Extensions` with the strictness of Go (crypto/x509/parser.go, processExtensions). */
export function readExtensions(explicit: Cursor | undefined): Extensions {
  const draft: Draft = {
    ...noAlternativeNames,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    basicConstraints: undefined,
    subjectKeyId: undefined,
    authorityKeyId: undefined,
    authority: { issuer: undefined, serial: undefined },
    nameConstraints: undefined,
    unhandledCritical: [],
    demandsPolicy: false,
  };
  if (!explicit) return draft;
  const sequence = enter(explicit, tags.sequence, 'the extensions');
  expectEnd(explicit, 'the extensions');
  const seen = new Set<string>();
  while (!isEmpty(sequence)) {
    const extension = enter(sequence, tags.sequence, 'an extension');
    const oid = readOid(extension, 'an extension’s OID');
    if (seen.has(oid)) malformed(`the extension ${oid} stands twice`);
    seen.add(oid);
    const critical = peek(extension) === tags.boolean && readBoolean(extension, 'an extension’s critical flag');
    const value = enter(extension, tags.octetString, 'an extension’s value');
    expectEnd(extension, 'an extension');
    const handled = readExtension(oid, critical, value, draft);
    if (critical && !handled) draft.unhandledCritical = [...draft.unhandledCritical, oid];
  }
  if (seen.has('2.5.29.32')) draft.demandsPolicy = false;
  return draft;
}

/** Whether Go would handle the extension, were it critical. */
function readExtension(oid: string, critical: boolean, value: Cursor, draft: Draft): boolean {
  switch (oid) {
    case '2.5.29.15':
      draft.keyUsage = readKeyUsage(value);
      return true;
    case '2.5.29.19':
      draft.basicConstraints = readBasicConstraints(value);
      return true;
    case '2.5.29.17': {
      const names = readAlternativeNames(value);
      Object.assign(draft, names);
      return names.dnsNames.length + names.ipAddresses.length + names.emailAddresses.length + names.uris.length > 0;
    }
    case '2.5.29.30': {
      const constraints = readNameConstraints(value);
      draft.nameConstraints = constraints;
      return !constraints.unhandled;
    }
    case '2.5.29.37':
      draft.extendedKeyUsage = readExtendedKeyUsage(value);
      return true;
    case '2.5.29.14':
      if (critical) malformed('the subject key identifier is marked critical');
      draft.subjectKeyId = hex(rest(enter(value, tags.octetString, 'the subject key identifier')));
      expectEnd(value, 'the subject key identifier');
      return true;
    case '2.5.29.35':
      if (critical) malformed('the authority key identifier is marked critical');
      readAuthorityKeyId(value, draft);
      return true;
    case '2.5.29.36':
      readPolicyConstraints(value, draft);
      return true;
    default:
      return readUnusedExtension(oid, critical, value);
  }
}

function readKeyUsage(value: Cursor): readonly Usage[] {
  const { octets } = readBitString(value, 'the key usage');
  expectEnd(value, 'the key usage');
  return usages.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function readBasicConstraints(value: Cursor): NonNullable<Extensions['basicConstraints']> {
  const what = 'the basic constraints';
  const sequence = enter(value, tags.sequence, what);
  const ca = peek(sequence) === tags.boolean && readBoolean(sequence, what);
  const pathLength = peek(sequence) === tags.integer ? readSmallInteger(sequence, what) : undefined;
  expectEnd(sequence, what);
  expectEnd(value, what);
  return { ca, pathLength };
}

function readExtendedKeyUsage(value: Cursor): readonly string[] {
  const sequence = enter(value, tags.sequence, 'the extended key usage');
  expectEnd(value, 'the extended key usage');
  const oids: string[] = [];
  while (!isEmpty(sequence)) oids.push(readOid(sequence, 'the extended key usage'));
  return oids;
}

function readAuthorityKeyId(value: Cursor, draft: Draft): void {
  const what = 'the authority key identifier';
  const sequence = enter(value, tags.sequence, what);
  expectEnd(value, what);
  const keyId = enterIf(sequence, contextTag(0, false), what);
  if (keyId) draft.authorityKeyId = hex(rest(keyId));
  const names = enterIf(sequence, contextTag(1, true), what);
  let issuer: Uint8Array | undefined;
  while (names && !isEmpty(names)) {
    const directory = enterIf(names, contextTag(4, true), what);
    if (directory) issuer = whole(directory, tags.sequence, what);
    else enter(names, undefined, what);
  }
  const serial =
    peek(sequence) === contextTag(2, false) ? hex(readInteger(sequence, what, contextTag(2, false))) : undefined;
  expectEnd(sequence, what);
  draft.authority = { issuer, serial };
}

function readPolicyConstraints(value: Cursor, draft: Draft): void {
  const what = 'the policy constraints';
  const sequence = enter(value, tags.sequence, what);
  if (peek(sequence) === contextTag(0, false))
    draft.demandsPolicy = readSmallInteger(sequence, what, contextTag(0, false)) === 0;
  if (peek(sequence) === contextTag(1, false)) readSmallInteger(sequence, what, contextTag(1, false));
}
