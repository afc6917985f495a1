import { timingSafeEqual } from 'node:crypto';
import type { Ask } from './http.ts';
import { type Authorization, algorithm, canonicalRequest, parseAuthorization, signatureOf } from './sigv4-canonical.ts';

/** By what a request may be signed: a key of an operator (AKIA…), or a temporary one with its token. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token?: string | undefined;
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined;
};

export type Expected<C extends Credentials = Credentials> = {
  readonly credentials: readonly C[];
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Why a signature is not good; every service has its own code and words for it. */
export type SignatureProblem =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'mechanism' }
  | { readonly kind: 'malformed'; readonly part: 'Credential' | 'SignedHeaders' | 'Signature' }
  | { readonly kind: 'scope'; readonly part: 'region' | 'service' | 'terminal'; readonly given: string }
  | { readonly kind: 'no-date' }
  | { readonly kind: 'other-date'; readonly date: string }
  | { readonly kind: 'unsigned-headers'; readonly names: readonly string[] }
  | { readonly kind: 'unknown-key'; readonly accessKeyId: string }
  | { readonly kind: 'skew'; readonly time: string }
  | { readonly kind: 'wrong-token' }
  | { readonly kind: 'expired-token' }
  | { readonly kind: 'broken-url' }
  | { readonly kind: 'mismatch'; readonly accessKeyId: string };

export type Signed<C extends Credentials> = {
  readonly kind: 'signed';
  readonly credentials: C;
  readonly authorization: Authorization;
};

export const maxSkew = 15 * 60 * 1000;

/**
 * Whether a request is signed in its Authorization header, and by whom: “AWS Signature Version 4 for API requests”.
 * `payload`: what stands for the body in the canonical request, its SHA-256 or what x-amz-content-sha256 says.
 */
export function checkSignature<C extends Credentials>(
  ask: Ask,
  expected: Expected<C>,
  payload: string,
): Signed<C> | SignatureProblem {
  const { authorization: header } = ask.headers;
  if (header === undefined) return { kind: 'unsigned' };
  if (!header.startsWith(`${algorithm} `)) return { kind: 'mechanism' };
  const authorization = parseAuthorization(header);
  if (typeof authorization === 'string') return { kind: 'malformed', part: authorization };
  return (
    scopeProblem(authorization, expected) ??
    headerProblem(ask, authorization) ??
    verify(ask, authorization, expected, payload)
  );
}

function scopeProblem(given: Authorization, { region, service }: Expected): SignatureProblem | undefined {
  if (given.region !== region) return { kind: 'scope', part: 'region', given: given.region };
  if (given.service !== service) return { kind: 'scope', part: 'service', given: given.service };
  if (given.terminal !== 'aws4_request') return { kind: 'scope', part: 'terminal', given: given.terminal };
  return undefined;
}

function headerProblem({ headers }: Ask, { signedHeaders, date }: Authorization): SignatureProblem | undefined {
  if (timeOf(headers) === undefined) return { kind: 'no-date' };
  if (!headers['x-amz-date']?.startsWith(date)) return { kind: 'other-date', date };
  // “You must include the host header, and any x-amz-* headers”. S3 itself lets x-amz-content-sha256 pass; other stores do not.
  const names = ['host', ...Object.keys(headers).filter(name => name.startsWith('x-amz-'))]
    .filter(name => !signedHeaders.includes(name))
    .sort();
  return names.length > 0 ? { kind: 'unsigned-headers', names } : undefined;
}

function verify<C extends Credentials>(
  ask: Ask,
  authorization: Authorization,
  { credentials, now }: Expected<C>,
  payload: string,
): Signed<C> | SignatureProblem {
  const { accessKeyId } = authorization;
  const signer = credentials.find(one => one.accessKeyId === accessKeyId);
  const token = ask.headers['x-amz-security-token'];
  // A temporary key without its token is as good as unknown.
  if (!signer || (signer.token !== undefined && token === undefined)) return { kind: 'unknown-key', accessKeyId };
  const time = ask.headers['x-amz-date'] ?? '';
  if (Math.abs((timeOf(ask.headers) ?? 0) - now) > maxSkew) return { kind: 'skew', time };
  if (token !== undefined && !sameText(token, signer.token ?? '')) return { kind: 'wrong-token' };
  if (signer.expires !== undefined && signer.expires <= now) return { kind: 'expired-token' };
  const canonical = canonicalRequest(ask, authorization.signedHeaders, payload);
  if (canonical === undefined) return { kind: 'broken-url' };
  const wanted = signatureOf(canonical, time, authorization, signer.secretAccessKey);
  if (!sameText(wanted, authorization.signature)) return { kind: 'mismatch', accessKeyId };
  return { kind: 'signed', credentials: signer, authorization };
}

function timeOf(headers: Ask['headers']): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '');
  const time = match ? Date.parse(`${match.slice(1, 4).join('-')}T${match.slice(4).join(':')}Z`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
