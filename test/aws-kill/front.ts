import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { type Ask, type Handler, httpServer, type Reply, readBody } from '../../src/local/http.ts';
import type { KubeLab } from '../real/kube-lab.ts';

/** An address of loopback that speaks for the api-server, with a certificate of its CA. */
export type Front = { readonly server: string; readonly close: () => Promise<void> };

/** Certificates: the api-server’s own, which is good for loopback too, and that of the operator who stands behind every request. */
const names = { front: 'apiserver', operator: 'operator' } as const;

/** Passes requests on to the api-server, as the operator. */
export function toApiServer({ server, pki }: KubeLab): Handler {
  const identity = identityOf(pki, names.operator);
  const agent = new https.Agent({ keepAlive: true, ...identity });
  return async ask => {
    const body = (await readBody(ask, 1 << 24)) ?? Buffer.alloc(0);
    return forward(ask, body, server, agent);
  };
}

function forward(ask: Ask, body: Buffer, server: string, agent: https.Agent): Promise<Reply | undefined> {
  const { host: _, connection: __, 'transfer-encoding': ___, 'accept-encoding': ____, ...headers } = ask.headers;
  return new Promise((resolve, reject) => {
    const request = https.request(`${server}${ask.url}`, { method: ask.method, agent, headers });
    request.on('error', reject);
    request.on('response', async response => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const type = response.headers['content-type'];
      const status = response.statusCode ?? 502;
      resolve({ status, headers: type === undefined ? {} : { 'content-type': type }, body: Buffer.concat(chunks) });
    });
    request.end(body);
  });
}

/** Serves a handler over TLS on loopback. */
export async function openFront({ pki }: KubeLab, handler: Handler): Promise<Front> {
  const inner = httpServer(handler);
  const outer = tls.createServer(identityOf(pki, names.front), socket => inner.emit('connection', socket));
  const sockets = new Set<tls.TLSSocket>();
  outer.on('secureConnection', socket => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  outer.listen(0, '127.0.0.1');
  await once(outer, 'listening');
  return {
    server: `https://127.0.0.1:${(outer.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      outer.close();
      await once(outer, 'close');
    },
  };
}

function identityOf(pki: string, name: string) {
  const read = (file: string) => readFileSync(join(pki, file));
  return { ca: read('ca.pem'), cert: read(`${name}.pem`), key: read(`${name}-key.pem`) };
}
