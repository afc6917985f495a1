import type { Ask } from './http.ts';
import {
  type Credentials,
  checkSignature,
  type Expected,
  maxSkew,
  type SignatureProblem,
  type Signed,
} from './sigv4-check.ts';

/** An error as S3 gives it; `elements`: what its XML has beside code and message. */
export type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly elements?: Readonly<Record<string, string>>;
};

export const emptyPayload = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
export const unsignedPayload = 'UNSIGNED-PAYLOAD';
/** Bodies in signed or unsigned chunks: Amazon S3 API Reference, “Signature Calculations … Transferring Payload in Multiple Chunks”. */
const streaming = [
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
];

/**
 * Who signed a request to S3 that has no body, in its Authorization header. Codes and statuses of refusals: Amazon S3 API
 * Reference, “Error Responses”.
 */
export function signedWithoutBody<C extends Credentials>(ask: Ask, expected: Expected<C>): Signed<C> | Refusal {
  const payload = ask.headers['x-amz-content-sha256'];
  const result = signedForS3(ask, expected);
  return isRefusal(result) || payload === unsignedPayload || payload === emptyPayload ? result : payloadMismatch;
}

export function isRefusal(result: Signed<Credentials> | Refusal): result is Refusal {
  return !('kind' in result);
}

/** Who signed a request to S3. What x-amz-content-sha256 says of a body is still to be compared with the body. */
export function signedForS3<C extends Credentials>(ask: Ask, expected: Expected<C>): Signed<C> | Refusal {
  const payload = ask.headers['x-amz-content-sha256'] ?? '';
  const result = checkSignature(ask, expected, payload);
  const hasScope = !['unsigned', 'mechanism', 'malformed', 'scope', 'no-date', 'other-date'].includes(result.kind);
  const refusal = hasScope ? refusePayload(payload) : undefined;
  if (refusal) return refusal;
  return result.kind === 'signed' ? result : refuseSignature(result, expected);
}

export const payloadMismatch = refuse(
  400,
  'XAmzContentSHA256Mismatch',
  "The provided 'x-amz-content-sha256' header does not match what was computed.",
);

function refusePayload(payload: string): Refusal | undefined {
  if (payload === '')
    return refuse(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (payload !== unsignedPayload && !streaming.includes(payload) && !/^[0-9a-f]{64}$/.test(payload))
    return refuse(400, 'InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.');
  return undefined;
}

function refuseSignature(problem: SignatureProblem, expected: Expected): Refusal {
  switch (problem.kind) {
    case 'unsigned':
      return refuse(403, 'AccessDenied', 'Access Denied');
    case 'mechanism':
      return refuse(
        400,
        'InvalidRequest',
        'Please use AWS4-HMAC-SHA256: the authorization mechanism is not supported.',
      );
    case 'malformed':
      return malformed(`the ${problem.part} is mal-formed.`);
    case 'scope':
      return refuseScope(problem.part, problem.given, expected);
    case 'no-date':
      return refuse(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
    case 'other-date':
      return malformed(`Invalid credential date "${problem.date}". This date is not the same as X-Amz-Date.`);
    case 'unsigned-headers':
      return refuse(403, 'AccessDenied', 'There were headers present in the request which were not signed', {
        HeadersNotSigned: problem.names.join(', '),
      });
    case 'unknown-key':
      return refuse(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
        AWSAccessKeyId: problem.accessKeyId,
      });
    case 'skew':
      return refuse(
        403,
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        {
          RequestTime: problem.time,
          ServerTime: new Date(expected.now).toISOString(),
          MaxAllowedSkewMilliseconds: String(maxSkew),
        },
      );
    case 'wrong-token':
      return refuse(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
    case 'expired-token':
      return refuse(400, 'ExpiredToken', 'The provided token has expired.');
    case 'broken-url':
      return refuse(400, 'InvalidURI', "Couldn't parse the specified URI.");
    // S3 prints the canonical request here; the session token is in it, and the answer may end in a log.
    case 'mismatch':
      return refuse(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        { AWSAccessKeyId: problem.accessKeyId },
      );
  }
}

function refuseScope(part: 'region' | 'service' | 'terminal', given: string, { region, service }: Expected): Refusal {
  if (part === 'region') return malformed(`the region '${given}' is wrong; expecting '${region}'`, { Region: region });
  if (part === 'service') return malformed(`incorrect service "${given}". This endpoint belongs to "${service}".`);
  return malformed(`incorrect terminal "${given}". This endpoint uses "aws4_request".`);
}

function refuse(status: number, code: string, message: string, elements: Refusal['elements'] = {}): Refusal {
  return { status, code, message, elements };
}

function malformed(reason: string, elements: Refusal['elements'] = {}): Refusal {
  return refuse(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${reason}`, elements);
}
