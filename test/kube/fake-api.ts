import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { issue, makeCa, type Pair } from '../support/pki.ts';

export type Received = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
};

/** A TLS server on loopback that answers as a test wants, where a real api-server would not. */
export type FakeApi = {
  readonly server: string;
  readonly ca: Pair;
  readonly received: Received[];
  readonly connections: () => number;
  readonly config: (user?: Readonly<Record<string, unknown>>) => KubeConfig;
  readonly close: () => Promise<void>;
};

export type Answer = (request: Received, response: ServerResponse) => void;

export async function openFakeApi(answer: Answer, host = '127.0.0.1'): Promise<FakeApi> {
  const ca = await makeCa();
  const own = await issue({ cn: 'kubernetes', ca, ips: [host] });
  const received: Received[] = [];
  let connections = 0;
  const http = https.createServer({ key: own.key, cert: own.certificate }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', part => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) };
      received.push(seen);
      answer(seen, response);
    });
  });
  http.on('secureConnection', () => {
    connections++;
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server = `https://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    ...{ server, ca, received, connections: () => connections },
    config: user => configOf(server, ca.certificate, user),
    close: async () => {
      http.closeAllConnections();
      http.close();
    },
  };
}

export function configOf(server: string, authority: string, user: Readonly<Record<string, unknown>> = {}): KubeConfig {
  const config = new KubeConfig();
  const caData = Buffer.from(authority).toString('base64');
  config.loadFromClusterAndUser({ name: 'fake', server, caData, skipTLSVerify: false }, { name: 'me', ...user });
  return config;
}

export const json = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** meta/v1 Status, as an api-server refuses. */
export const refuse = (response: ServerResponse, code: number, reason: string, rest: object = {}): void =>
  json(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: `${reason}!`,
    ...rest,
  });
