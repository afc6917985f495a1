import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createKube, type KubeOptions } from '../../src/adapters/kube/kube.ts';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { makeCa } from '../support/pki.ts';
import { type Answer, configOf, type FakeApi, json, openFakeApi, refuse } from './fake-api.ts';

const open: FakeApi[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.close();
});

async function serve(answer: Answer, limits: KubeOptions = {}, user?: Readonly<Record<string, unknown>>) {
  const api = await openFakeApi(answer);
  open.push(api);
  return { api, kube: createKube(api.config(user), limits) };
}

async function failure(work: Promise<unknown>): Promise<CallError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CallError) return error;
  throw error ?? new Error('it did not fail');
}

const node = { name: 'worker-0', uid: 'u-1' };
const pod = { namespace: 'default', name: 'web-0', uid: 'u-2' };
const nodeList = { kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [] };

describe('what is sent', () => {
  test('every change names the UID that it is meant for', async () => {
    const { api, kube } = await serve((_, response) => json(response, 200, {}));
    await kube.setUnschedulable(node, true);
    await kube.evict(pod);
    await kube.deleteNode(node);
    expect(api.received.map(({ method, url, body }) => ({ method, url, body }))).toEqual([
      {
        method: 'PATCH',
        url: '/api/v1/nodes/worker-0',
        body: [
          { op: 'test', path: '/metadata/uid', value: 'u-1' },
          { op: 'add', path: '/spec/unschedulable', value: true },
        ],
      },
      {
        method: 'POST',
        url: '/api/v1/namespaces/default/pods/web-0/eviction',
        body: {
          metadata: { namespace: 'default', name: 'web-0' },
          deleteOptions: { preconditions: { uid: 'u-2' } },
        },
      },
      { method: 'DELETE', url: '/api/v1/nodes/worker-0', body: { preconditions: { uid: 'u-1' } } },
    ]);
    expect(api.received[0]?.headers['content-type']).toBe('application/json-patch+json');
    expect(api.received[0]?.headers['user-agent']).toBe('firstboot');
  });

  test('connections are kept', async () => {
    const { api, kube } = await serve((_, response) => json(response, 200, nodeList));
    for (let count = 0; count < 20; count++) await kube.nodes();
    expect(api.received.length).toBe(20);
    // The second is made while the first is not free yet.
    expect(api.connections()).toBeLessThan(4);
  });
});

describe('lists', () => {
  const item = (name: string) => ({ metadata: { name, uid: name } });
  const page = (url: string) => new URL(url, 'https://x').searchParams;

  test('all pages are read', async () => {
    const { api, kube } = await serve(({ url }, response) => {
      const at = Number(page(url).get('continue') ?? 0);
      json(response, 200, {
        ...nodeList,
        metadata: at < 2 ? { continue: String(at + 1) } : {},
        items: [item(`n${at}`)],
      });
    });
    expect((await kube.nodes()).map(({ name }) => name)).toEqual(['n0', 'n1', 'n2']);
    expect(api.received.map(({ url }) => page(url).get('limit'))).toEqual(['500', '500', '500']);
  });

  test('a list whose snapshot was dropped is begun anew, once', async () => {
    let refused = 0;
    const { kube } = await serve(({ url }, response) => {
      if (page(url).has('continue') && refused++ === 0) return refuse(response, 410, 'Expired');
      const last = page(url).has('continue');
      json(response, 200, { ...nodeList, metadata: last ? {} : { continue: 'x' }, items: [item(last ? 'b' : 'a')] });
    });
    expect((await kube.nodes()).map(({ name }) => name)).toEqual(['a', 'b']);
    const broken = await serve(({ url }, response) =>
      page(url).has('continue')
        ? refuse(response, 410, 'Expired')
        : json(response, 200, { ...nodeList, metadata: { continue: 'x' } }),
    );
    expect(await failure(broken.kube.nodes())).toMatchObject({ code: 'Expired', status: 410 });
  });

  test('a list without end is given up', async () => {
    const { kube } = await serve((_, response) => json(response, 200, { ...nodeList, metadata: { continue: 'x' } }));
    expect(await failure(kube.nodes())).toMatchObject({ message: 'more than 400 pages' });
  });
});

describe('what a refusal means', () => {
  test('reason, message, status and call are the api-server’s', async () => {
    const { kube } = await serve((_, response) => refuse(response, 403, 'Forbidden'));
    const error = await failure(kube.deleteNode(node));
    const { service, call, code, message, status } = error;
    expect({ service, call, code, message, status }).toEqual({
      ...{ service: 'Kubernetes', call: 'delete nodes', code: 'Forbidden', message: 'Forbidden!', status: 403 },
    });
  });

  test('a 401 is Unauthorized', async () => {
    const { kube } = await serve((_, response) => refuse(response, 401, 'Unauthorized'));
    expect(await failure(kube.nodes())).toMatchObject({ code: 'Unauthorized', status: 401 });
  });

  test('a page of a proxy in between is no answer of the api-server', async () => {
    const html = (status: number): Answer => {
      return (_, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>');
    };
    const { kube } = await serve(html(502));
    expect(await failure(kube.nodes())).toMatchObject({ code: 'InternalError', message: 'HTTP 502', status: 502 });
    const missing = await serve(html(404));
    expect(await failure(missing.kube.node('worker-0'))).toMatchObject({ code: 'NotFound', status: 404 });
    expect(await failure(missing.kube.deleteNode(node))).toMatchObject({ code: 'NotFound' });
    expect(await failure(missing.kube.evict(pod))).toMatchObject({ code: 'NotFound' });
    const portal = await serve(html(200));
    const { kube: behind } = portal;
    for (const call of [() => behind.nodes(), () => behind.node('worker-0'), () => behind.evict(pod)])
      expect(await failure(call())).toMatchObject({
        ...{ code: 'NoResponse', message: 'what answered is no api-server: it sent text/html' },
      });
  });

  test('a busy api-server is not a budget', async () => {
    const { kube } = await serve((_, response) => refuse(response, 429, 'TooManyRequests'));
    expect(await failure(kube.evict(pod))).toMatchObject({ code: 'TooManyRequests', status: 429 });
  });

  test('a budget that is not reckoned yet names its time', async () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'The disruption budget web is still being processed.' }];
    const { kube } = await serve((_, response) => {
      response.setHeader('retry-after', '10');
      refuse(response, 429, 'TooManyRequests', { details: { causes } });
    });
    expect(await kube.evict(pod)).toEqual({ blocked: causes[0]?.message, retryAfter: 10 });
  });

  test('a pod of a namespace that is being deleted is waited for', async () => {
    const causes = [{ reason: 'NamespaceTerminating', message: 'namespace default is being terminated' }];
    const { kube } = await serve((_, response) => refuse(response, 403, 'Forbidden', { details: { causes } }));
    expect(await kube.evict(pod)).toEqual({ blocked: 'its namespace is being deleted', retryAfter: undefined });
  });

  test('two who write a Node at once are not another Node', async () => {
    const { kube } = await serve((_, response) =>
      refuse(response, 409, 'Conflict', { message: 'the object has been modified' }),
    );
    expect(await failure(kube.deleteNode(node))).toMatchObject({ code: 'Conflict' });
    expect(await failure(kube.evict(pod))).toMatchObject({ code: 'Conflict' });
  });

  test('an answer without end is cut', async () => {
    const { kube } = await serve((_, response) => refuse(response, 500, '', { message: 'x'.repeat(10_000) }));
    expect((await failure(kube.nodes())).message.length).toBeLessThan(310);
  });
});

describe('healthz', () => {
  const plain = (status: number, text: string): Answer => {
    return (_, response) => void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  };

  test('the kubelet’s own words are the answer', async () => {
    const { kube, api } = await serve(plain(200, 'ok'));
    expect(await kube.healthz('worker-0')).toEqual({ kind: 'answer', text: 'ok' });
    expect(api.received[0]?.url).toBe('/api/v1/nodes/worker-0/proxy/healthz');
    const sick = await serve(plain(500, '[-]syncloop failed: reason withheld\nhealthz check failed'));
    expect(await sick.kube.healthz('worker-0')).toEqual({
      kind: 'answer',
      text: 'HTTP 500 [-]syncloop failed: reason withheld',
    });
  });

  test('a kubelet that refuses the api-server is not a missing right of ours', async () => {
    const { kube } = await serve(plain(403, 'Forbidden (user=kube-apiserver, verb=get, resource=nodes)'));
    expect(await kube.healthz('worker-0')).toMatchObject({ kind: 'answer', text: expect.stringContaining('HTTP 403') });
    const ours = await serve((_, response) => refuse(response, 403, 'Forbidden'));
    expect(await ours.kube.healthz('worker-0')).toEqual({ kind: 'denied' });
  });

  test('a kubelet that cannot be reached', async () => {
    const message = 'error trying to reach service: dial tcp 10.0.1.20:10250: connect: connection refused';
    const { kube } = await serve((_, response) => refuse(response, 503, 'ServiceUnavailable', { message }));
    expect(await kube.healthz('worker-0')).toEqual({ kind: 'answer', text: message });
  });
});

describe('no response', () => {
  test('nobody listens', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => probe.once('listening', resolve));
    const { port } = probe.address() as net.AddressInfo;
    await new Promise(resolve => probe.close(resolve));
    const { certificate } = await makeCa();
    const error = await failure(createKube(configOf(`https://127.0.0.1:${port}`, certificate)).nodes());
    expect(error).toMatchObject({ code: 'NoResponse', message: `connect ECONNREFUSED 127.0.0.1:${port}` });
    expect(error.status).toBeUndefined();
  });

  test('an api-server that never answers, or stops in the middle', async () => {
    const silent = await serve(() => {}, { timeout: 100 });
    expect(await failure(silent.kube.nodes())).toMatchObject({
      ...{ code: 'NoResponse', message: 'no answer within the time limit' },
    });
    const stalled = await serve(
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      { timeout: 100 },
    );
    expect(await failure(stalled.kube.nodes())).toMatchObject({ code: 'NoResponse' });
    const cut = await serve((_, response) => void response.socket?.destroy());
    expect(await failure(cut.kube.nodes())).toMatchObject({ code: 'NoResponse' });
  });

  test('a server of another authority, or of another name, is not trusted', async () => {
    const { api } = await serve((_, response) => json(response, 200, nodeList));
    const { certificate } = await makeCa();
    const stranger = await failure(createKube(configOf(api.server, certificate)).nodes());
    expect(stranger.message).toMatch(/^its certificate is not trusted: /);
    const elsewhere = await openFakeApi((_, response) => json(response, 200, nodeList), '10.9.9.9');
    open.push(elsewhere);
    const error = await failure(createKube(elsewhere.config()).nodes());
    expect(error.message).toMatch(/^its certificate is not trusted: .*10\.9\.9\.9/);
  });
});

test('no credential is in any error', async () => {
  const secret = 'c2VjcmV0LXRva2Vu';
  const refused = await serve((_, response) => refuse(response, 401, 'Unauthorized'), {}, { token: secret });
  const unsendable = await serve((_, response) => json(response, 200, nodeList), {}, { token: `${secret}\n${secret}` });
  for (const { kube } of [refused, unsendable]) {
    const error = await failure(kube.nodes());
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(secret);
  }
  expect(unsendable.api.received).toEqual([]);
});
