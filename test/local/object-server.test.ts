import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openBytes } from '../../src/local/file-content.ts';
import type { Ask } from '../../src/local/http.ts';
import { createObjectServer, redirectsTo, type Stored } from '../../src/local/object-server.ts';
import { newRole } from '../../src/local/role.ts';
import { answer, ask, now, region } from './handlers.ts';
import { type Signing, signed } from './signer.ts';

const mine = { ...newRole(now), instanceId: 'i-0123456789abcdef0' };
const other = { ...newRole(now), instanceId: 'i-0fedcba9876543210' };
const bucket = 'bucket.s3.eu-west-1.amazonaws.com';
const arn = `arn%3Aaws%3Aec2%3A${region}%3A123456789012%3Ainstance/${mine.instanceId}`;
const archive = randomBytes(1000);
const kubelet = randomBytes(5000);

const store = (url: string, bytes: Uint8Array, isSigned: boolean): Stored => ({
  url,
  signed: isSigned,
  size: bytes.length,
  open: openBytes(bytes),
});
const server = createObjectServer({
  stored: [
    store(`https://${bucket}/secrets/from-scratch/worker-0/01.tar`, archive, true),
    store(`https://${bucket}/secrets/from-scratch/${arn}/02.tar`, archive, true),
    store('https://dl.k8s.io/v1.36.1/bin/kubelet', kubelet, false),
    store('https://mirror.example:8443/get?file=kubelet', kubelet, false),
    store('https://mirror.example:8443/empty', Buffer.alloc(0), false),
  ],
  roles: [mine, other],
  region,
  now: () => now,
});

const getObject = async (key: string, signing: Partial<Signing> = {}) =>
  answer(server, await signed({ role: mine, path: `/${bucket}/${key}`, ...signing }));
const getPlain = (path: string, more: Partial<Ask> = {}) => answer(server, ask(path, more));
const secret = 'secrets/from-scratch/worker-0/01.tar';

describe('a bucket', () => {
  test('gives an object to a signed request, with its length and a tag', async () => {
    const { status, headers, body } = await getObject(secret);
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: {
        'content-length': '1000',
        etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
        'accept-ranges': 'bytes',
        'x-amz-request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
      },
    });
    expect(body).toEqual(archive);
  });

  test('HEAD gives the same headers and no body', async () => {
    const { status, headers, body } = await getObject(secret, { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, '1000', 0]);
  });

  test.each([
    ['what is absent', getObject('secrets/from-scratch/worker-0/ff.tar')],
    ['the list of its objects', getObject('', { query: { 'list-type': '2' } })],
    ['an unsigned request', getPlain(`/${bucket}/${secret}`)],
    ['an unsigned request for what is absent', getPlain(`/${bucket}/none`)],
    ['PUT', getObject(secret, { method: 'PUT' })],
    ['another bucket', getObject('../elsewhere.s3.eu-west-1.amazonaws.com/x')],
  ])('%s is AccessDenied', async (_, asking) => {
    const { status, headers, body } = await asking;
    expect([status, headers['content-type']]).toEqual([403, 'application/xml']);
    expect(body.toString()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>Access Denied<\/Message><RequestId>[0-9A-F]{16}<\/RequestId><HostId>\S+<\/HostId><\/Error>$/,
    );
  });

  test('an error of HEAD has no body', async () => {
    const { status, body } = await getObject('none', { method: 'HEAD' });
    expect([status, body.length]).toEqual([403, 0]);
  });

  test('errors are XML whatever was asked for', async () => {
    const { body } = await getObject(secret, { role: { ...mine, accessKeyId: '<&"\'>' } });
    expect(body.toString()).toContain('<AWSAccessKeyId>&#60;&#38;&#34;&#39;&#62;</AWSAccessKeyId>');
  });

  test('below an instance’s ARN only that instance reads', async () => {
    const key = `secrets/from-scratch/${arn}/02.tar`;
    expect((await getObject(key)).body).toEqual(archive);
    expect((await getObject(key, { role: other })).status).toBe(403);
    const nobody = createObjectServer({
      stored: [store(`https://${bucket}/${key}`, archive, true)],
      roles: [{ ...mine, instanceId: undefined }],
      region,
      now: () => now,
    });
    expect((await answer(nobody, await signed({ role: mine, path: `/${bucket}/${key}` }))).status).toBe(403);
  });

  test('a range that it has not is InvalidRange', async () => {
    const { status, headers, body } = await getObject(secret, { headers: { range: 'bytes=1000-' } });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */1000']);
    expect(body.toString()).toContain('<Code>InvalidRange</Code>');
    expect(body.toString()).toContain('<ActualObjectSize>1000</ActualObjectSize>');
  });
});

describe('another host', () => {
  test.each(['/dl.k8s.io/v1.36.1/bin/kubelet', '/mirror.example:8443/get?file=kubelet'])(
    '%s is given to all',
    async path => {
      expect((await getPlain(path)).body).toEqual(kubelet);
    },
  );

  test.each(['/dl.k8s.io/v1.36.1/bin/kubectl', '/mirror.example:8443/get', '/', '//', '/%zz', '/constructor/x'])(
    '%s is 404',
    async path => {
      expect((await getPlain(path)).status).toBe(404);
    },
  );

  test.each<[string | undefined, number, string | undefined, number]>([
    [undefined, 200, undefined, 5000],
    ['bytes=0-', 206, 'bytes 0-4999/5000', 5000],
    ['bytes=4999-', 206, 'bytes 4999-4999/5000', 1],
    ['bytes=10-19', 206, 'bytes 10-19/5000', 10],
    ['bytes=10-9999', 206, 'bytes 10-4999/5000', 4990],
    ['bytes=-100', 206, 'bytes 4900-4999/5000', 100],
    ['bytes=-9999', 206, 'bytes 0-4999/5000', 5000],
    ['bytes=5000-', 416, 'bytes */5000', 0],
    ['bytes=-0', 416, 'bytes */5000', 0],
    ['bytes=9-1', 200, undefined, 5000],
    ['bytes=-', 200, undefined, 5000],
    ['bytes=0-1,3-4', 200, undefined, 5000],
    ['lines=1-2', 200, undefined, 5000],
  ])('Range: %s is %i, %s', async (range, status, contentRange, length) => {
    const found = await getPlain('/dl.k8s.io/v1.36.1/bin/kubelet', range ? { headers: { range } } : {});
    expect([found.status, found.headers['content-range'], found.body.length]).toEqual([status, contentRange, length]);
  });

  test('an empty file has no range', async () => {
    const path = '/mirror.example:8443/empty';
    expect((await getPlain(path)).headers['content-length']).toBe('0');
    expect((await getPlain(path, { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });

  test('If-Range of another version is answered by the whole', async () => {
    const path = '/dl.k8s.io/v1.36.1/bin/kubelet';
    const { etag = '' } = (await getPlain(path)).headers;
    expect((await getPlain(path, { headers: { range: 'bytes=1-', 'if-range': etag } })).status).toBe(206);
    expect((await getPlain(path, { headers: { range: 'bytes=1-', 'if-range': '"old"' } })).status).toBe(200);
  });

  test('two parts are the whole, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4999 }), async at => {
        const part = (range: string) => getPlain('/dl.k8s.io/v1.36.1/bin/kubelet', { headers: { range } });
        const parts = await Promise.all([part(`bytes=0-${at - 1}`), part(`bytes=${at}-`)]);
        expect(Buffer.concat(parts.map(({ body }) => body))).toEqual(kubelet);
      }),
      { numRuns: 50 },
    );
  });
});

test('each origin is sent here once', () => {
  const urls = [
    `s3+https://${bucket}/a`,
    `https://${bucket}/b`,
    'https://dl.k8s.io/x',
    'https://mirror.example:8443/get?file=x',
  ];
  expect(redirectsTo('http://127.0.0.1:9', urls)).toEqual({
    [`https://${bucket}/`]: `http://127.0.0.1:9/${bucket}/`,
    'https://dl.k8s.io/': 'http://127.0.0.1:9/dl.k8s.io/',
    'https://mirror.example:8443/': 'http://127.0.0.1:9/mirror.example:8443/',
  });
});
