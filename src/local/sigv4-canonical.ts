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
 * once, dot segments and empty parts stay. Undefined where the URL has a broken escape.
 */
export function canonicalRequest(ask: Ask, signedHeaders: readonly string[]): string | undefined {
  const [path = '', ...query] = ask.url.split('?');
  try {
    const headers = signedHeaders.map(name => `${name}:${(ask.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
    return [
      ask.method,
      path.split('/').map(encodeOnce).join('/'),
      canonicalQuery(query.join('?')),
      headers.join(''),
      signedHeaders.join(';'),
      ask.headers['x-amz-content-sha256'] ?? '',
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
export function signatureOf(canonical: string, time: string, scope: Authorization, secretAccessKey: string): string {
  const parts = [scope.date, scope.region, scope.service, scope.terminal];
  const toSign = [algorithm, time, parts.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = parts.reduce<Buffer>((above, part) => hmac(above, part), Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(key, toSign).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
