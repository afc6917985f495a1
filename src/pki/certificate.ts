import { type KeyObject, X509Certificate } from 'node:crypto';
import { equalBytes } from '../tree/bytes.ts';
import { sha256 } from '../tree/digest.ts';
import {
  contextTag,
  enter,
  enterIf,
  expectEnd,
  hex,
  malformed,
  readBitString,
  readDer,
  readInteger,
  readSmallInteger,
  tags,
  whole,
} from './der.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { nameText, type RelativeName, readName } from './name.ts';
import { writePem } from './pem.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm } from './signature.ts';
import { readTime } from './time.ts';

/** An X.509 certificate that Go's crypto/x509 would parse. Texts that only messages need are computed when asked for. */
export type Certificate = Extensions & {
  /** One PEM block, 64 columns, LF: what travels to the node. */
  readonly pem: string;
  readonly der: Uint8Array;
  /** Of the DER, 64 hex digits. */
  readonly sha256: string;
  readonly x509: X509Certificate;
  /** The public key as OpenSSL has it; undefined when it knows not the type. */
  readonly keyObject: KeyObject | undefined;
  readonly version: 1 | 2 | 3;
  /** In the certificate's order. The api-server takes the last CN, and every O. */
  readonly subject: readonly RelativeName[];
  readonly issuer: readonly RelativeName[];
  /** For example "CN=system:node:worker-0,O=system:nodes". */
  readonly subjectText: string;
  readonly issuerText: string;
  /** DER of the names, which Go compares as bytes. */
  readonly rawSubject: Uint8Array;
  readonly rawIssuer: Uint8Array;
  /** Two's complement octets as hex, and the sign of the number. */
  readonly serial: { readonly hex: string; readonly sign: -1 | 0 | 1 };
  /** Milliseconds since 1970; the certificate is valid at both ends. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** For example "2026-05-01T12:00:00Z". */
  readonly notBeforeText: string;
  readonly notAfterText: string;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly publicKey: PublicKey;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`, 64 hex digits. */
  readonly publicKeySha256: string;
};

/** Parses as strictly as Go 1.26 (crypto/x509/parser.go) and OpenSSL together; a negative serial is left to a rule. */
export function parseCertificate(der: Uint8Array): Certificate | { readonly problem: string } {
  const read = readDer(der, top => {
    const outer = enter(top, tags.sequence, 'the certificate');
    expectEnd(top, 'the certificate');
    const tbs = enter(outer, tags.sequence, 'the certificate’s body');
    const version = enterIf(tbs, contextTag(0, true), 'the version');
    const versionNumber = version ? readSmallInteger(version, 'the version') + 1 : 1;
    if (versionNumber > 3) malformed(`the version is ${versionNumber}, where 3 is the last`);
    const serial = readInteger(tbs, 'the serial number');
    const innerAlgorithm = whole(tbs, tags.sequence, 'the signature algorithm');
    const rawIssuer = whole(tbs, tags.sequence, 'the issuer');
    const validity = enter(tbs, tags.sequence, 'the validity');
    const notBefore = readTime(validity, 'notBefore');
    const notAfter = readTime(validity, 'notAfter');
    const rawSubject = whole(tbs, tags.sequence, 'the subject');
    const spki = whole(tbs, tags.sequence, 'the public key');
    if (versionNumber > 1) {
      // Unique identifiers, deprecated since 1996; Go skips them too.
      enterIf(tbs, contextTag(1, false), 'the issuer’s unique identifier');
      enterIf(tbs, contextTag(2, false), 'the subject’s unique identifier');
    }
    const extensions = readExtensions(
      versionNumber === 3 ? enterIf(tbs, contextTag(3, true), 'the extensions') : undefined,
    );
    expectEnd(tbs, 'the certificate’s body');
    const outerAlgorithm = whole(outer, tags.sequence, 'the signature algorithm');
    if (!equalBytes(innerAlgorithm, outerAlgorithm))
      malformed('the signature algorithms inside and outside the signed part differ');
    if (readBitString(outer, 'the signature').unused !== 0) malformed('the signature is malformed');
    expectEnd(outer, 'the certificate');
    return {
      version: versionNumber as 1 | 2 | 3,
      serial,
      rawIssuer,
      rawSubject,
      issuer: readName(rawIssuer, 'the issuer'),
      subject: readName(rawSubject, 'the subject'),
      notBefore,
      notAfter,
      spki,
      publicKey: readPublicKey(spki),
      signatureAlgorithm: readSignatureAlgorithm(innerAlgorithm),
      extensions,
    };
  });
  if (!read.ok) return { problem: read.problem };
  return complete(der, read.value);
}

type Body = Omit<
  Certificate,
  | 'pem'
  | 'der'
  | 'sha256'
  | 'x509'
  | 'keyObject'
  | 'subjectText'
  | 'issuerText'
  | 'serial'
  | 'notBeforeText'
  | 'notAfterText'
  | 'publicKeySha256'
  | keyof Extensions
> & {
  readonly serial: Uint8Array;
  readonly extensions: Extensions;
};

function complete(der: Uint8Array, body: Body): Certificate | { readonly problem: string } {
  const x509 = openWithOpenssl(der, body.publicKey);
  if (!(x509 instanceof X509Certificate)) return x509;
  const { extensions, serial, ...fields } = body;
  const first = serial[0] ?? 0;
  let key: { readonly object: KeyObject | undefined } | undefined;
  return {
    ...extensions,
    ...fields,
    der,
    x509,
    sha256: sha256(der),
    publicKeySha256: sha256(body.spki),
    serial: { hex: hex(serial), sign: first >= 0x80 ? -1 : serial.some(octet => octet !== 0) ? 1 : 0 },
    get keyObject() {
      key ??= { object: publicKeyOf(x509) };
      return key.object;
    },
    get pem() {
      return writePem('CERTIFICATE', der);
    },
    get subjectText() {
      return nameText(body.subject);
    },
    get issuerText() {
      return nameText(body.issuer);
    },
    get notBeforeText() {
      return timeText(body.notBefore);
    },
    get notAfterText() {
      return timeText(body.notAfter);
    },
  };
}

/** OpenSSL's own parser, which must agree; asking for the key proves that an EC point is on its curve. */
function openWithOpenssl(der: Uint8Array, key: PublicKey): X509Certificate | { readonly problem: string } {
  try {
    const x509 = new X509Certificate(der);
    if (key.type === 'ec' && key.curve !== undefined) void x509.publicKey;
    return x509;
  } catch {
    return { problem: 'OpenSSL cannot parse it' };
  }
}

function publicKeyOf(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}

/** A time as certificates have it, in UTC without fractions. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
