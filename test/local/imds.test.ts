import { describe, expect, test } from 'vitest';
import type { Handler } from '../../src/local/http.ts';
import { createImds } from '../../src/local/imds.ts';
import { type Answered, answer, ask, instance, now } from './handlers.ts';

const workers = {
  '10.0.1.20': instance(),
  '10.0.1.21': instance({ instanceId: 'i-0fedcba9876543210', privateIp: '10.0.1.21', arch: 'arm64' }),
};

function start() {
  let time = now;
  const imds = createImds({ instanceAt: from => workers[from as keyof typeof workers], now: () => time });
  return {
    imds,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
  };
}

const ttl = (seconds: string) => ({ 'x-aws-ec2-metadata-token-ttl-seconds': seconds });

function putToken(imds: Handler, headers: Readonly<Record<string, string>>, from = '10.0.1.20'): Promise<Answered> {
  return answer(imds, ask('/latest/api/token', { method: 'PUT', headers, from }));
}

async function get(imds: Handler, path: string, from = '10.0.1.20'): Promise<Answered> {
  const token = (await putToken(imds, ttl('60'), from)).body.toString();
  return answer(imds, ask(path, { headers: { 'x-aws-ec2-metadata-token': token }, from }));
}

const textOf = async (imds: Handler, path: string, from?: string) => (await get(imds, path, from)).body.toString();

describe('tokens', () => {
  test.each(['1', '60', '21600'])('a TTL of %s s is taken, and said again', async seconds => {
    const { status, headers, body } = await putToken(start().imds, ttl(seconds));
    expect({ status, headers }).toMatchObject({ status: 200, headers: ttl(seconds) });
    expect(body.toString()).toMatch(/^[\w-]{56}$/);
  });

  test.each(['0', '21601', '-1', '1.5', '1e3', '', 'sixty'])('a TTL of “%s” is a bad request', async seconds => {
    expect((await putToken(start().imds, ttl(seconds))).status).toBe(400);
  });

  test('no TTL is a bad request', async () => {
    expect((await putToken(start().imds, {})).status).toBe(400);
  });

  test('a request that came through a proxy is forbidden', async () => {
    expect((await putToken(start().imds, { ...ttl('60'), 'x-forwarded-for': '10.0.1.9' })).status).toBe(403);
  });

  test('GET gives none', async () => {
    expect((await answer(start().imds, ask('/latest/api/token', { headers: ttl('60') }))).status).toBe(405);
  });

  test('without one, and with one made up, everything is 401', async () => {
    const { imds } = start();
    for (const headers of [{}, { 'x-aws-ec2-metadata-token': 'made-up' }]) {
      const { status, body } = await answer(imds, ask('/latest/meta-data/', { headers }));
      expect([status, body.toString()]).toEqual([401, expect.stringContaining('<title>401 - Unauthorized</title>')]);
    }
  });

  test('one lasts its TTL and no longer', async () => {
    const { imds, pass } = start();
    const token = (await putToken(imds, ttl('60'))).body.toString();
    const request = ask('/latest/user-data', { headers: { 'x-aws-ec2-metadata-token': token } });
    pass(59);
    expect((await answer(imds, request)).status).toBe(200);
    pass(1);
    expect((await answer(imds, request)).status).toBe(401);
  });

  test('one is good on its own instance only', async () => {
    const { imds } = start();
    const token = (await putToken(imds, ttl('60'))).body.toString();
    const headers = { 'x-aws-ec2-metadata-token': token };
    expect((await answer(imds, ask('/latest/user-data', { headers, from: '10.0.1.21' }))).status).toBe(401);
  });
});

describe('metadata', () => {
  const { imds } = start();

  test('folders list their names, with and without the last slash', async () => {
    expect(await textOf(imds, '/')).toContain('2021-03-23\nlatest');
    expect(await textOf(imds, '/latest/')).toBe('dynamic/\nmeta-data/\nuser-data');
    expect(await textOf(imds, '/2021-03-23/dynamic/instance-identity')).toBe('document');
    expect(await textOf(imds, '/latest/meta-data/iam/')).toBe('info\nsecurity-credentials/');
    expect(await textOf(imds, '/latest/meta-data/iam/security-credentials/')).toBe('firstboot-worker');
  });

  test('who asks decides whose it is', async () => {
    expect(await textOf(imds, '/latest/meta-data/instance-id')).toBe('i-0123456789abcdef0');
    expect(await textOf(imds, '/latest/meta-data/instance-id', '10.0.1.21')).toBe('i-0fedcba9876543210');
    expect((await putToken(imds, ttl('60'), '10.0.1.99')).isCut).toBe(true);
  });

  test.each([
    ['10.0.1.20', 'x86_64'],
    ['10.0.1.21', 'arm64'],
  ])('the identity document of %s says %s', async (from, architecture) => {
    const document = JSON.parse(await textOf(imds, '/latest/dynamic/instance-identity/document', from));
    expect(document).toMatchObject({ architecture, privateIp: from, region: 'eu-west-1', accountId: '123456789012' });
  });

  test('the role’s credentials have the form of EC2', async () => {
    const role = JSON.parse(await textOf(imds, '/latest/meta-data/iam/security-credentials/firstboot-worker'));
    expect(role).toMatchObject({
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      Expiration: '2026-03-01T18:00:00Z',
    });
  });

  test('a network interface is found by its address, escaped or not', async () => {
    const folder = '/latest/meta-data/network/interfaces/macs';
    expect(await textOf(imds, `${folder}/02:00:0a:00:01:14/local-ipv4s`)).toBe('10.0.1.20');
    expect(await textOf(imds, `${folder}/02%3A00%3A0a%3A00%3A01%3A14/local-ipv4s`)).toBe('10.0.1.20');
  });

  test('user-data is the very bytes', async () => {
    const { body, headers } = await get(imds, '/latest/user-data');
    expect(body).toEqual(Buffer.from(workers['10.0.1.20'].userData));
    expect(headers).toMatchObject({
      server: 'EC2ws',
      'content-type': 'application/octet-stream',
      date: 'Sun, 01 Mar 2026 12:00:00 GMT',
    });
  });

  test.each([
    '/latest/meta-data/tags/',
    '/latest/meta-data/public-keys/',
    '/latest/meta-data/constructor',
    '/latest/user-data/x',
    '/1999-01-01/user-data',
  ])('%s is not found, in EC2’s words', async path => {
    const { status, headers, body } = await get(imds, path);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 404, type: 'text/html' });
    expect(body.toString()).toContain('<h1>404 - Not Found</h1>');
  });
});
