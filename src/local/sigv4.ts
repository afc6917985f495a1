import { timingSafeEqual } from 'node:crypto';
import type { Ask } from './http.ts';
import type { Role } from './instance.ts';
import { type Authorization, algorithm, canonicalRequest, parseAuthorization, signatureOf } from './sigv4-canonical.ts';

/** An error as S3 gives it; `elements`: what its XML has beside code and message. */
export type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly elements?: Readonly<Record<string, string>>;
};

type Expected = {
  readonly credentials: readonly Role[];
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly now: number;
};

const maxSkew = 15 * 60 * 1000;
const emptyPayload = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Whether a request without a body is signed as AWS wants it, in its Authorization header. `undefined`: it is. Codes and
 * statuses: Amazon S3 API Reference, “Error Responses”.
 */
export function verifySigV4(ask: Ask, expected: Expected): Refusal | undefined {
  const { authorization } = ask.headers;
  if (authorization === undefined) return refuse(403, 'AccessDenied', 'Access Denied');
  if (!authorization.startsWith(`${algorithm} `))
    return refuse(400, 'InvalidRequest', `Please use ${algorithm}: the authorization mechanism is not supported.`);
  const parts = parseAuthorization(authorization);
  if (typeof parts === 'string') return malformed(`the ${parts} is mal-formed.`);
  return refuseScope(parts, expected) ?? refuseHeaders(ask, parts) ?? refuseSigner(ask, parts, expected);
}

/** The credentials that a request names. */
export function signerOf(ask: Ask, credentials: readonly Role[]): Role | undefined {
  const parts = parseAuthorization(ask.headers.authorization ?? '');
  return typeof parts === 'string' ? undefined : credentials.find(one => one.accessKeyId === parts.accessKeyId);
}

function refuse(status: number, code: string, message: string, elements: Refusal['elements'] = {}): Refusal {
  return { status, code, message, elements };
}

function malformed(reason: string, elements: Refusal['elements'] = {}): Refusal {
  return refuse(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${reason}`, elements);
}

function refuseScope(parts: Authorization, { region, service }: Expected): Refusal | undefined {
  if (parts.region !== region)
    return malformed(`the region '${parts.region}' is wrong; expecting '${region}'`, { Region: region });
  if (parts.service !== service)
    return malformed(`incorrect service "${parts.service}". This endpoint belongs to "${service}".`);
  if (parts.terminal !== 'aws4_request')
    return malformed(`incorrect terminal "${parts.terminal}". This endpoint uses "aws4_request".`);
  return undefined;
}

function refuseHeaders({ headers }: Ask, { signedHeaders, date }: Authorization): Refusal | undefined {
  if (timeOf(headers) === undefined)
    return refuse(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  if (!headers['x-amz-date']?.startsWith(date))
    return malformed(`Invalid credential date "${date}". This date is not the same as X-Amz-Date.`);
  const payload = headers['x-amz-content-sha256'];
  if (payload === undefined)
    return refuse(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload))
    return refuse(400, 'InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.');
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== emptyPayload)
    return refuse(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  // “You must include the host header, and any x-amz-* headers”. S3 itself lets x-amz-content-sha256 pass; other stores do not.
  const unsigned = [
    'host',
    ...Object.keys(headers)
      .filter(name => name.startsWith('x-amz-'))
      .sort(),
  ].filter(name => !signedHeaders.includes(name));
  if (unsigned.length > 0)
    return refuse(403, 'AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    });
  return undefined;
}

function refuseSigner(ask: Ask, parts: Authorization, { credentials, now }: Expected): Refusal | undefined {
  const role = credentials.find(one => one.accessKeyId === parts.accessKeyId);
  const token = ask.headers['x-amz-security-token'];
  // A temporary key without its token is as good as unknown.
  if (!role || token === undefined)
    return refuse(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: parts.accessKeyId,
    });
  const time = timeOf(ask.headers) ?? 0;
  if (Math.abs(time - now) > maxSkew)
    return refuse(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: ask.headers['x-amz-date'] ?? '',
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(maxSkew),
      },
    );
  if (!sameText(token, role.token))
    return refuse(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  if (role.expires <= now) return refuse(400, 'ExpiredToken', 'The provided token has expired.');
  const canonical = canonicalRequest(ask, parts.signedHeaders);
  if (canonical === undefined) return refuse(400, 'InvalidURI', "Couldn't parse the specified URI.");
  const wanted = signatureOf(canonical, ask.headers['x-amz-date'] ?? '', parts, role.secretAccessKey);
  // S3 prints the canonical request here; the session token is in it, and the answer may end in a log.
  if (!sameText(wanted, parts.signature))
    return refuse(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { AWSAccessKeyId: parts.accessKeyId },
    );
  return undefined;
}

function timeOf(headers: Ask['headers']): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '');
  const time = match ? Date.parse(`${match.slice(1, 4).join('-')}T${match.slice(4).join(':')}Z`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
