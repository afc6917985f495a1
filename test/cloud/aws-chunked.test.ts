import { describe, expect, test } from 'vitest';
import { bytesOf } from '../../src/local/cloud/s3-content.ts';
import type { Ask } from '../../src/local/http.ts';
import { incomingOf } from '../../src/local/shell/s3-incoming.ts';
import { isRefusal, signedForS3 } from '../../src/local/sigv4.ts';
import type { Credentials, Signed } from '../../src/local/sigv4-check.ts';
import { sha256 } from '../../src/tree/digest.ts';

/**
 * The examples of Amazon S3 API Reference, “Signature Calculations for the Authorization Header: Transferring Payload in
 * Multiple Chunks” and “… Including Trailing Headers”: 66,560 letters “a”, with AWS's example keys.
 */
const credentials: Credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const expected = {
  credentials: [credentials],
  region: 'us-east-1',
  service: 's3',
  now: Date.parse('2013-05-24T00:00:00Z'),
};
const letters = 'a'.repeat(66_560);

type Example = {
  readonly signature: string;
  readonly chunks: readonly [string, string, string];
  readonly trailer?: readonly string[];
};
const plain: Example = {
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
};
const trailing: Example = {
  signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  trailer: [
    'x-amz-checksum-crc32c:sOO8/Q==',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  ],
};

function textOf({ chunks, trailer = [] }: Example): string {
  const [first, second, last] = chunks;
  return [
    `10000;chunk-signature=${first}`,
    letters.slice(0, 65_536),
    `400;chunk-signature=${second}`,
    letters.slice(65_536),
    `0;chunk-signature=${last}`,
    ...trailer,
    '',
    '',
  ].join('\r\n');
}

/** `text` arrives in pieces of `size`. */
function request(example: Example, text = textOf(example), size = 1000): Ask {
  const kind = example.trailer ? 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' : 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const headers: Record<string, string> = {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'x-amz-content-sha256': kind,
    ...(example.trailer ? { 'x-amz-trailer': 'x-amz-checksum-crc32c' } : { 'content-length': '66824' }),
  };
  const names = Object.keys(headers).sort().join(';');
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names},Signature=${example.signature}`;
  const pieces = async function* () {
    for (let from = 0; from < text.length; from += size) yield Buffer.from(text.slice(from, from + size));
  };
  const url = '/examplebucket/chunkObject.txt';
  return { method: 'PUT', url, headers: { ...headers, authorization }, from: '127.0.0.1', body: pieces() };
}

async function decode(ask: Ask) {
  const signed = signedForS3(ask, expected);
  if (isRefusal(signed)) throw signed;
  const incoming = incomingOf('PutObject', ask, signed as Signed<Credentials>);
  const digest = sha256(await bytesOf(incoming.body));
  return { digest, checksum: incoming.checksum?.value() };
}

describe.each([
  ['signed chunks', plain, undefined],
  ['signed chunks and a signed trailer', trailing, 'sOO8/Q=='],
])('AWS’s example of %s', (_, example, checksum) => {
  test.each([1, 7, 1000, 1_000_000])('in pieces of %i', async size => {
    expect(await decode(request(example, textOf(example), size))).toEqual({ digest: sha256(letters), checksum });
  });

  test('any other byte is refused', async () => {
    const text = textOf(example);
    const ends = [100, 65_800, text.indexOf('chunk-signature') + 20, text.lastIndexOf('chunk-signature') + 20];
    if (example.trailer) ends.push(text.indexOf('crc32c:') + 8, text.indexOf('trailer-signature') + 20);
    for (const at of ends) {
      const other = text[at] === 'b' ? 'c' : 'b';
      const asking = decode(request(example, text.slice(0, at) + other + text.slice(at + 1)));
      await expect(asking, `at ${at}`).rejects.toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    }
  });

  test('what ends early or is no chunk is refused', async () => {
    const text = textOf(example);
    for (const length of [0, 50, 66_000, text.length - 3])
      await expect(decode(request(example, text.slice(0, length)))).rejects.toMatchObject({ code: 'IncompleteBody' });
    await expect(decode(request(example, `zz\r\n${text}`))).rejects.toMatchObject({ code: 'IncompleteBody' });
    const unsigned = text.replace(/;chunk-signature=\w+/g, '');
    await expect(decode(request(example, unsigned))).rejects.toMatchObject({ code: 'IncompleteBody' });
  });
});

test('a changed header is refused before anything is read', async () => {
  const ask = request(plain);
  const headers = { ...ask.headers, 'x-amz-decoded-content-length': '1' };
  expect(signedForS3({ ...ask, headers }, expected)).toMatchObject({ code: 'SignatureDoesNotMatch' });
});
