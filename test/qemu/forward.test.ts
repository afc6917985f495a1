import type { AddressInfo } from 'node:net';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forward, unreachable } from '../../src/local/qemu/forward.ts';
import { makeCluster, type TestCluster } from '../support/cluster.ts';
import { makeCa } from '../support/pki.ts';

const host = '127.0.0.1';

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>(resolve => {
    server.listen(0, host, resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** An api-server's end of TLS, with worker-0's certificate in place of its own. */
function apiServer(cluster: TestCluster): Promise<number> {
  const { key, certificate } = cluster.identities['worker-0'];
  return listening(tls.createServer({ key, cert: certificate }, socket => socket.on('error', () => {}).end()));
}

describe('an api-server', () => {
  test('is reached where one answers with a certificate of the cluster’s authority, whatever its name', async () => {
    const cluster = await makeCluster();
    const port = await apiServer(cluster);
    expect(await unreachable({ host, port }, cluster.read('pki/ca.pem'))).toBeUndefined();
    expect(await unreachable({ host, port }, undefined)).toBeUndefined();
  });

  test('is not reached where something else answers', async () => {
    const cluster = await makeCluster();
    const { certificate } = await makeCa();
    const port = await apiServer(cluster);
    expect(await unreachable({ host, port }, certificate)).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/);
    const plain = await listening(net.createServer(socket => socket.on('error', () => {}).end('HTTP/1.1 400\r\n\r\n')));
    expect(await unreachable({ host, port: plain }, undefined)).toBeDefined();
  });

  test('is not reached where nothing listens', async () => {
    const server = net.createServer();
    const port = await listening(server);
    await new Promise(resolve => server.close(resolve));
    expect(await unreachable({ host, port }, undefined)).toBe('ECONNREFUSED');
  });
});

describe('what comes into a room for the api-server', () => {
  async function forwarding(inner: net.Server, target: net.Server) {
    const close = forward(inner, { host, port: await listening(target) });
    return { port: await listening(inner), close };
  }

  test('is carried there, and the answer back', async () => {
    const { port } = await forwarding(
      net.createServer(),
      net.createServer(socket => socket.pipe(socket)),
    );
    const socket = net.connect({ host, port });
    const bytes = Buffer.alloc(1 << 20, 'abc');
    socket.end(bytes);
    const got: Buffer[] = [];
    for await (const chunk of socket) got.push(chunk as Buffer);
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
  });

  test('is cut when the api-server is not there', async () => {
    const gone = net.createServer();
    const target = await listening(gone);
    await new Promise(resolve => gone.close(resolve));
    const inner = net.createServer();
    forward(inner, { host, port: target });
    const socket = net.connect({ host, port: await listening(inner) }).on('error', () => {});
    await new Promise(resolve => socket.once('close', resolve));
  });

  test('is cut when the room closes', async () => {
    const { port, close } = await forwarding(net.createServer(), net.createServer());
    const socket = net.connect({ host, port }).on('error', () => {});
    await new Promise(resolve => socket.once('connect', resolve));
    await expect.poll(() => socket.readable).toBe(true);
    close();
    await new Promise(resolve => socket.once('close', resolve));
  });
});
