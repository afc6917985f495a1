import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ask } from '../../src/local/http.ts';
import { newRole } from '../../src/local/role.ts';
import { isRefusal, signedWithoutBody } from '../../src/local/sigv4.ts';
import { checkSignature } from '../../src/local/sigv4-check.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { now, region } from './handlers.ts';
import { signed } from './signer.ts';

const role = newRole(now);
const expected = { credentials: [newRole(now), role], region, service: 's3', now };
const path = '/bucket.s3.eu-west-1.amazonaws.com/secrets/from-scratch/arn%3Aaws%3Aec2/worker-0/0123.tar';

const withHeaders = (ask: Ask, headers: Readonly<Record<string, string | undefined>>): Ask => ({
  ...ask,
  headers: Object.fromEntries(
    Object.entries({ ...ask.headers, ...headers }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ),
});
const codeOf = (ask: Ask, more: Partial<typeof expected> = {}) => {
  const result = signedWithoutBody(ask, { ...expected, ...more });
  return isRefusal(result) ? `${result.status} ${result.code}` : undefined;
};
const edit = (ask: Ask, from: string | RegExp, to: string) =>
  withHeaders(ask, { authorization: ask.headers.authorization?.replace(from, to) });

describe('a request signed by AWS’s own signer is taken', () => {
  test.each([
    ['a plain GET', { path }],
    ['HEAD', { path, method: 'HEAD' }],
    ['a query, sorted by the signer', { path, query: { versionId: 'b/ü +~', 'response-expires': '', acl: '1' } }],
    ['escaped blanks, umlauts and marks', { path: '/b/%20%C3%BC%21%27%28%29%2A~-._' }],
    ['empty and dot parts', { path: '/b//x/../y/./' }],
    ['other signed headers, blanks in them', { path, headers: { 'x-amz-meta-a': '  one   two ', 'if-match': '"x"' } }],
    ['14 minutes behind', { path, time: now - 14 * 60_000 }],
    ['14 minutes ahead', { path, time: now + 14 * 60_000 }],
  ])('%s', async (_, signing) => {
    expect(codeOf(await signed({ role, ...signing }))).toBeUndefined();
  });

  test('any path and query', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    const encode = (text: string) =>
      encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 4 }),
        fc.dictionary(word, word, { maxKeys: 3 }),
        async (names, query) => {
          const ask = await signed({ role, path: `/${names.map(encode).join('/')}`, query });
          expect(codeOf(ask)).toBeUndefined();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('other services and keys', () => {
  const operator = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const ec2 = { credentials: [role, operator], region, service: 'ec2', now };
  const body = 'Action=DescribeInstances&Version=2016-11-15';
  const asked = (more: Partial<Parameters<typeof signed>[0]> = {}) =>
    signed({
      role: { ...role, ...operator },
      withToken: false,
      path: '/',
      method: 'POST',
      service: 'ec2',
      body,
      ...more,
    });

  test('a body is signed by its digest, by a key without a token', async () => {
    expect(checkSignature(await asked(), ec2, sha256(body))).toMatchObject({ kind: 'signed', credentials: operator });
    expect(checkSignature(await asked(), ec2, sha256('other'))).toMatchObject({ kind: 'mismatch' });
  });

  test('a key without a token must not come with one', async () => {
    expect(checkSignature(await asked({ withToken: true }), ec2, sha256(body))).toEqual({ kind: 'wrong-token' });
  });

  test('what is signed for another service or region', async () => {
    const problem = { kind: 'scope', part: 'service', given: 'ssm' };
    expect(checkSignature(await asked({ service: 'ssm' }), ec2, sha256(body))).toEqual(problem);
    const elsewhere = checkSignature(await asked({ region: 'us-east-1' }), ec2, sha256(body));
    expect(elsewhere).toEqual({ kind: 'scope', part: 'region', given: 'us-east-1' });
  });
});

describe('what S3 refuses', () => {
  const cases: readonly [string, string, () => Promise<Ask>][] = [
    [
      'no Authorization',
      '403 AccessDenied',
      async () => withHeaders(await signed({ role, path }), { authorization: undefined }),
    ],
    [
      'another mechanism',
      '400 InvalidRequest',
      async () => edit(await signed({ role, path }), 'AWS4-HMAC-SHA256', 'AWS'),
    ],
    [
      'no signature',
      '400 AuthorizationHeaderMalformed',
      async () => edit(await signed({ role, path }), /, Signature.*/, ''),
    ],
    [
      'a short credential',
      '400 AuthorizationHeaderMalformed',
      async () => edit(await signed({ role, path }), '/aws4_request', ''),
    ],
    [
      'signed headers out of order',
      '400 AuthorizationHeaderMalformed',
      async () => edit(await signed({ role, path }), 'host;', 'zz;host;'),
    ],
    ['another region', '400 AuthorizationHeaderMalformed', () => signed({ role, path, region: 'us-east-1' })],
    ['another service', '400 AuthorizationHeaderMalformed', () => signed({ role, path, service: 'ec2' })],
    [
      'another day in the credential',
      '400 AuthorizationHeaderMalformed',
      async () => edit(await signed({ role, path }), '/20260301/', '/20260228/'),
    ],
    [
      'no x-amz-date',
      '403 AccessDenied',
      async () => withHeaders(await signed({ role, path }), { 'x-amz-date': undefined }),
    ],
    [
      'no payload hash',
      '400 InvalidRequest',
      async () => withHeaders(await signed({ role, path }), { 'x-amz-content-sha256': undefined }),
    ],
    [
      'a payload hash that is none',
      '400 InvalidArgument',
      async () => withHeaders(await signed({ role, path }), { 'x-amz-content-sha256': 'x' }),
    ],
    [
      'the hash of another payload',
      '400 XAmzContentSHA256Mismatch',
      () => signed({ role, path, headers: { 'x-amz-content-sha256': 'a'.repeat(64) } }),
    ],
    [
      'an x-amz-header that is not signed',
      '403 AccessDenied',
      async () => withHeaders(await signed({ role, path }), { 'x-amz-acl': 'private' }),
    ],
    ['host not signed', '403 AccessDenied', async () => edit(await signed({ role, path }), 'host;', '')],
    ['an unknown key', '403 InvalidAccessKeyId', () => signed({ role: newRole(now), path })],
    ['a temporary key without its token', '403 InvalidAccessKeyId', () => signed({ role, path, withToken: false })],
    [
      'the token of other credentials',
      '400 InvalidToken',
      () => signed({ role: { ...role, token: newRole(now).token }, path }),
    ],
    ['a wrong secret', '403 SignatureDoesNotMatch', () => signed({ role: { ...role, secretAccessKey: 'x' }, path })],
    ['16 minutes behind', '403 RequestTimeTooSkewed', () => signed({ role, path, time: now - 16 * 60_000 })],
    ['16 minutes ahead', '403 RequestTimeTooSkewed', () => signed({ role, path, time: now + 16 * 60_000 })],
    ['a broken escape', '400 InvalidURI', async () => ({ ...(await signed({ role, path })), url: '/b/%zz' })],
  ];

  test.each(cases)('%s: %s', async (_, code, make) => {
    expect(codeOf(await make())).toBe(code);
  });

  test('credentials that have expired', async () => {
    const later = role.expires;
    const ask = await signed({ role, path, time: later });
    expect(codeOf(ask, { now: later - 1 })).toBeUndefined();
    expect(codeOf(ask, { now: later })).toBe('400 ExpiredToken');
  });

  test('a wrong region is told the right one', async () => {
    const refusal = signedWithoutBody(await signed({ role, path, region: 'us-east-1' }), expected);
    expect(refusal).toMatchObject({ elements: { Region: region }, message: expect.stringContaining(region) });
  });

  test('no refusal shows a secret or a token', async () => {
    for (const [, , make] of cases) {
      const text = JSON.stringify(signedWithoutBody(await make(), expected));
      expect(text).not.toContain(role.secretAccessKey);
      expect(text).not.toContain(role.token);
    }
  });
});

/** One character of a text is another, printable one. */
function changed(text: string, at: number, by: number): string {
  const n = at % text.length;
  const code = 33 + ((text.charCodeAt(n) - 33 + 1 + (by % 93) + 94) % 94);
  return text.slice(0, n) + String.fromCharCode(code) + text.slice(n + 1);
}

function isSameUrl(a: string, b: string): boolean {
  try {
    return decodeURIComponent(a) === decodeURIComponent(b);
  } catch {
    return false;
  }
}

test('any change of a signed part is refused', async () => {
  const ask = await signed({ role, path, query: { versionId: 'one' }, headers: { 'x-amz-meta-a': 'b' } });
  const parts = ['method', 'url', ...Object.keys(ask.headers)];
  await fc.assert(
    fc.property(fc.constantFrom(...parts), fc.nat(500), fc.nat(92), (part, at, by) => {
      const other =
        part === 'method' || part === 'url'
          ? { ...ask, [part]: changed(ask[part], at, by) }
          : withHeaders(ask, { [part]: changed(ask.headers[part] ?? '', at, by) });
      // %3a for %3A, or : itself, is the same name to S3.
      fc.pre(!isSameUrl(other.url, ask.url) || part !== 'url');
      expect(codeOf(other), `${part} ${JSON.stringify(other)}`).toBeDefined();
    }),
    { numRuns: 2000 },
  );
});
