import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a local server sees it. */
export type Ask = {
  readonly method: string;
  /** Raw: path and query as they were sent. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the one who asks, IPv4 as such. */
  readonly from: string;
  /** Can be read once. What is not read is thrown away before the answer goes out. */
  readonly body?: AsyncIterable<Uint8Array> | undefined;
};

export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream needs a `content-length` among the headers, and may break off: then the connection is cut. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
};

/** `undefined`: the connection is cut without an answer. */
export type Handler = (ask: Ask) => Promise<Reply | undefined>;

export type Listening = { readonly port: number; readonly close: () => Promise<void> };

/** Serves a handler on an address of this machine (port 0: any free one). */
export async function listen(handler: Handler, host: string, port = 0): Promise<Listening> {
  const server = httpServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers by a handler; listens to nothing yet. */
export function httpServer(handler: Handler): http.Server {
  const take = (request: http.IncomingMessage, response: http.ServerResponse, waits: boolean) => {
    const { method = 'GET', url = '/', socket } = request;
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const { body, finish } = bodyOf(request, response, waits);
    // A connection may end in the middle of a request; the handler hears of it when it reads.
    request.on('error', () => {});
    void respond(response, answerTo(handler({ method, url, headers, from, body }), finish));
  };
  return http
    .createServer((request, response) => take(request, response, false))
    .on('checkContinue', (request, response) => take(request, response, true));
}

/** `waits`: the client sends the body only when it is told to go on (Expect: 100-continue). */
function bodyOf(request: http.IncomingMessage, response: http.ServerResponse, waits: boolean) {
  let isWaiting = waits;
  const read = async function* (): AsyncGenerator<Uint8Array, void> {
    if (isWaiting) response.writeContinue();
    isWaiting = false;
    yield* request.iterator({ destroyOnReturn: false });
  };
  const body = read();
  /** An answer to who is still sending may be lost with the connection. */
  const finish = async () => {
    // Before it was read at all, it is not asked for either.
    await body.return();
    if (isWaiting || request.readableEnded || request.destroyed) return;
    await new Promise(resolve => request.once('end', resolve).once('close', resolve).resume());
  };
  return { body, finish };
}

async function answerTo(answer: Promise<Reply | undefined>, finish: () => Promise<void>): Promise<Reply | undefined> {
  const reply = await answer;
  if (reply) await finish();
  return reply;
}

/** The whole body of a request; undefined when it is longer than `limit` bytes. */
export async function readBody({ body }: Ask, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function respond(response: http.ServerResponse, answer: Promise<Reply | undefined>): Promise<void> {
  try {
    const reply = await answer;
    if (!reply) {
      response.destroy();
      return;
    }
    const { status, headers, body = '' } = reply;
    if (typeof body === 'string' || body instanceof Uint8Array) {
      response.writeHead(status, { 'content-length': Buffer.byteLength(body), connection: 'close', ...headers });
      response.end(body);
      return;
    }
    response.writeHead(status, { connection: 'close', ...headers });
    for await (const chunk of body) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  } catch {
    // What was written arrives before the connection ends.
    response.socket?.destroySoon();
  }
}

/** Or the one who asks is gone. */
function drained(response: http.ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const settle = () => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.once('drain', settle).once('close', settle);
    if (response.destroyed) settle();
  });
}
