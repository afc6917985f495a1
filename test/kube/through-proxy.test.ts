import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKube } from '../../src/adapters/kube/open-kube.ts';
import { type FakeApi, json, openFakeApi } from './fake-api.ts';

/** An address that nobody has here: only the proxy knows the way. */
const far = '10.9.9.9';
let api: FakeApi;
let proxy: http.Server;
let folder: string;
let asked: string[];

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-proxy-'));
  api = await openFakeApi((_, response) => json(response, 200, { kind: 'NodeList', metadata: {}, items: [] }), far);
  asked = [];
  proxy = http.createServer();
  proxy.on('connect', (request: http.IncomingMessage, inner: net.Socket) => {
    asked.push(request.url ?? '');
    const outer = net.connect(Number(new URL(api.server).port), '127.0.0.1', () => {
      inner.write('HTTP/1.1 200 Connection established\r\n\r\n');
      outer.pipe(inner).pipe(outer);
    });
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const)
      one.on('error', () => other.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterEach(async () => {
  await api.close();
  proxy.close();
  fs.rmSync(folder, { recursive: true });
});

const urlOf = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

function write(cluster: object): void {
  const authority = Buffer.from(api.ca.certificate).toString('base64');
  const entry = { server: `https://${far}:6443`, 'certificate-authority-data': authority, ...cluster };
  const config = {
    clusters: [{ name: 'far', cluster: entry }],
    users: [{ name: 'me', user: { token: 'of-me' } }],
    contexts: [{ name: 'far', context: { cluster: 'far', user: 'me' } }],
    'current-context': 'far',
  };
  fs.writeFileSync(path.join(folder, 'config'), JSON.stringify(config));
}

test.each([
  ['HTTPS_PROXY', () => ({}), () => ({ HTTPS_PROXY: urlOf() })],
  [
    'the kubeconfig’s proxy-url, before HTTPS_PROXY',
    () => ({ 'proxy-url': urlOf() }),
    () => ({ HTTPS_PROXY: 'http://127.0.0.1:9' }),
  ],
])('%s carries the requests, and sees nothing of them', async (_, cluster, env) => {
  write(cluster());
  expect(await (await openKube('config', folder, env()))?.nodes()).toEqual([]);
  expect(asked).toEqual([`${far}:6443`]);
  expect(api.received[0]?.headers.authorization).toBe('Bearer of-me');
});

test('a proxy that is away is told as such', async () => {
  write({ 'proxy-url': 'http://127.0.0.1:9' });
  const kube = await openKube('config', folder, {});
  await expect(kube?.nodes()).rejects.toMatchObject({
    code: 'NoResponse',
    message: 'connect ECONNREFUSED 127.0.0.1:9',
  });
});
