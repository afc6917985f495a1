import { refusal } from '../cloud/s3-errors.ts';
import type { Incoming } from '../cloud/s3-receive.ts';
import type { ChecksumAlgorithm } from '../cloud/s3-types.ts';
import type { Ask } from '../http.ts';
import { hmac, scopeText, algorithm as signing, signingKey } from '../sigv4-canonical.ts';
import type { Credentials, Signed } from '../sigv4-check.ts';
import { type ChunkSigner, decodeChunks } from './aws-chunked.ts';
import { checksumAlgorithms, checksumHeader } from './s3-request.ts';

/** The body of a signed request as the client meant it. */
export function incomingOf(call: string, ask: Ask, signed: Signed<Credentials>): Incoming {
  const { headers, body = nothing() } = ask;
  const asked = { call };
  const payload = headers['x-amz-content-sha256'] ?? '';
  const md5 = headers['content-md5'];
  if (!payload.startsWith('STREAMING-')) {
    const sha256 = /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;
    return { body, md5, sha256, checksum: checksumOf(call, ask, headers) };
  }
  const signer = payload.startsWith('STREAMING-AWS4-') ? chunkSigner(ask, signed) : undefined;
  const { stream, trailer } = decodeChunks(body, signer, problem =>
    problem === 'signature'
      ? signatureRefusal(call)
      : refusal(asked, 'IncompleteBody', 'The request body terminated unexpectedly or is not in aws-chunked encoding'),
  );
  const announced = headers['x-amz-trailer']?.trim().toLowerCase();
  const trailing = checksumAlgorithms.find(one => checksumHeader(one) === announced);
  if (announced !== undefined && !trailing)
    throw refusal(asked, 'InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  const checksum = trailing
    ? { algorithm: trailing, value: () => trailer.get(checksumHeader(trailing)) ?? '' }
    : checksumOf(call, ask, headers);
  return { body: ofLength(stream, headers['x-amz-decoded-content-length'], call), md5, checksum };
}

function signatureRefusal(call: string): Error {
  return refusal({ call }, 'SignatureDoesNotMatch');
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** What is decoded has the length that was promised. */
async function* ofLength(stream: AsyncIterable<Uint8Array>, promised: string | undefined, call: string) {
  if (promised === undefined || !/^\d+$/.test(promised)) throw refusal({ call }, 'MissingContentLength');
  let size = 0;
  for await (const bytes of stream) {
    size += bytes.length;
    yield bytes;
  }
  if (size !== Number(promised)) throw refusal({ call }, 'IncompleteBody');
}

/** The one checksum among the headers; what is only named (x-amz-sdk-checksum-algorithm) must come with a value. */
function checksumOf(call: string, ask: Ask, values: Readonly<Record<string, string>>): Incoming['checksum'] {
  const given = Object.keys(ask.headers).filter(name => /^x-amz-checksum-(?!algorithm$|mode$|type$)/.test(name));
  if (given.length > 1)
    throw refusal(
      { call },
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const algorithm: ChecksumAlgorithm | undefined = checksumAlgorithms.find(one => checksumHeader(one) === given[0]);
  if (given[0] !== undefined && !algorithm)
    throw refusal({ call }, 'NotImplemented', `The embedded cloud does not verify ${given[0]}`);
  return algorithm && { algorithm, value: () => values[checksumHeader(algorithm)] };
}

function chunkSigner({ headers }: Ask, { authorization, credentials }: Signed<Credentials>): ChunkSigner {
  const key = signingKey(authorization, credentials.secretAccessKey);
  const scope = [headers['x-amz-date'] ?? '', scopeText(authorization)];
  return {
    seed: authorization.signature,
    sign: (kind, lines) => hmac(key, [`${signing}-${kind}`, ...scope, ...lines].join('\n')).toString('hex'),
  };
}
