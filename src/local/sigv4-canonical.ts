import { createHash, createHmac } from 'node:crypto';
import type { Ask } from './http.ts';

/** Of `Authorization: AWS4-HMAC-SHA256 Credential=…/date/region/service/aws4_request, SignedHeaders=…, Signature=…`. */
export type Authorization = {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminal: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
};

export const algorithm = 'AWS4-HMAC-SHA256';

/** The parts of an Authorization header, or the one that is not as it must be. */
export function parseAuthorization(header: string): Authorization | 'Credential' | 'SignedHeaders' | 'Signature' {
  const parts = new Map(
    header
      .slice(algorithm.length)
      .split(',')
      .map(part => part.trim())
      .map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const credential = parts.get('Credential')?.split('/') ?? [];
  const signedHeaders = parts.get('SignedHeaders')?.split(';') ?? [];
  const signature = parts.get('Signature') ?? '';
  const [accessKeyId, date, region, service, terminal] = credential;
  if (credential.length !== 5 || !accessKeyId || !/^\d{8}$/.test(date ?? '')) return 'Credential';
  // In order and lower case: what is signed must have one form.
  if (signedHeaders.some((name, n) => !/^[a-z0-9-]+$/.test(name) || name <= (signedHeaders[n - 1] ?? '')))
    return 'SignedHeaders';
  if (signedHeaders.length === 0) return 'SignedHeaders';
  if (!/^[0-9a-f]{64}$/.test(signature)) return 'Signature';
  return { accessKeyId, date, region, service, terminal, signedHeaders, signature } as Authorization;
}

/**
 * Amazon S3 API Reference, “Authenticating Requests: Using the Authorization Header”: each part of the path is encoded
 * once, dot segments and empty parts stay (other services encode it twice, but theirs is “/”). Undefined where the URL has a
 * broken escape. `payload`: what stands for the body.
 */
export function canonicalRequest(ask: Ask, signedHeaders: readonly string[], payload: string): string | undefined {
  const [path = '', ...query] = ask.url.split('?');
  try {
    const headers = signedHeaders.map(name => `${name}:${(ask.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
    return [
      ask.method,
      path.split('/').map(encodeOnce).join('/'),
      canonicalQuery(query.join('?')),
      headers.join(''),
      signedHeaders.join(';'),
      payload,
    ].join('\n');
  } catch {
    return undefined;
  }
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map(pair => {
    const equals = pair.indexOf('=');
    return equals < 0
      ? [encodeOnce(pair), '']
      : [encodeOnce(pair.slice(0, equals)), encodeOnce(pair.slice(equals + 1))];
  });
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** Everything but the unreserved characters of RFC 3986 is escaped, in upper case. */
function encodeOnce(part: string): string {
  return encodeURIComponent(decodeURIComponent(part)).replace(
    /[!'()*]/g,
    one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The signature that the holder of the secret would have given. `time`: as in x-amz-date. */
export function signatureOf(canonical: string, time: string, scope: Scope, secretAccessKey: string): string {
  const lines = [algorithm, time, scopeText(scope), createHash('sha256').update(canonical).digest('hex')];
  return hmac(signingKey(scope, secretAccessKey), lines.join('\n')).toString('hex');
}

export type Scope = Pick<Authorization, 'date' | 'region' | 'service' | 'terminal'>;

/** `date/region/service/aws4_request` */
export function scopeText({ date, region, service, terminal }: Scope): string {
  return [date, region, service, terminal].join('/');
}

/** What is signed with is made of the secret and the scope, and good for nothing else. */
export function signingKey({ date, region, service, terminal }: Scope, secretAccessKey: string): Buffer {
  return [date, region, service, terminal].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
