import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Handler, listen, readBody } from '../../src/local/http.ts';

async function serve(handler: Handler): Promise<string> {
  const { port, close } = await listen(handler, '127.0.0.1');
  onTestFinished(close);
  return `http://127.0.0.1:${port}`;
}

test('what is streamed arrives, however large', async () => {
  const size = 8 << 20;
  const base = await serve(async () => ({
    status: 200,
    headers: { 'content-length': String(size) },
    body: stream(size),
  }));
  const body = await (await fetch(base)).arrayBuffer();
  expect(body.byteLength).toBe(size);
});

test('what came before a cut arrives, and the cut is seen', async () => {
  const base = await serve(async () => ({ status: 200, headers: { 'content-length': '100000' }, body: broken() }));
  const response = await fetch(base);
  let received = 0;
  const reading = (async () => {
    for await (const chunk of response.body ?? []) received += chunk.length;
  })();
  await expect(reading).rejects.toThrow('terminated');
  expect(received).toBe(50_000);
});

test('no reply is a connection that ends', async () => {
  const base = await serve(async () => undefined);
  await expect(fetch(base)).rejects.toThrow('fetch failed');
});

test('a stream ends when the one who asks is gone', async () => {
  let ended: () => void = () => {};
  const end = new Promise<void>(resolve => {
    ended = resolve;
  });
  const endless = async function* () {
    try {
      for (;;) {
        yield Buffer.alloc(1 << 16);
        await pause(1);
      }
    } finally {
      ended();
    }
  };
  const base = await serve(async () => ({ status: 200, headers: { 'content-length': '1000000000' }, body: endless() }));
  const response = await fetch(base);
  await response.body?.cancel();
  await end;
});

test('closing cuts what is never answered', async () => {
  let taken: () => void = () => {};
  const isTaken = new Promise<void>(resolve => {
    taken = resolve;
  });
  const silent = () => {
    taken();
    return new Promise<undefined>(() => {});
  };
  const { port, close } = await listen(silent, '127.0.0.1');
  const asking = fetch(`http://127.0.0.1:${port}`);
  asking.catch(() => {});
  await isTaken;
  await close();
  await expect(asking).rejects.toThrow('fetch failed');
});

describe('a body', () => {
  const large = Buffer.alloc(8 << 20, 1);
  const counting: Handler = async ({ body }) => {
    let size = 0;
    for await (const chunk of body ?? []) size += chunk.length;
    return { status: 200, body: String(size) };
  };
  const ask = (base: string, headers: http.OutgoingHttpHeaders, send: (request: http.ClientRequest) => void) =>
    new Promise<string>((resolve, reject) => {
      const request = http.request(base, { method: 'PUT', headers }, response => {
        response.setEncoding('utf8').once('data', text => resolve(`${response.statusCode} ${text}`));
      });
      request.on('error', reject);
      send(request);
    });

  test('is read as it comes', async () => {
    const base = await serve(counting);
    expect(await ask(base, {}, request => request.end(large))).toBe(`200 ${large.length}`);
  });

  test('that nobody reads is thrown away, and the answer arrives', async () => {
    const base = await serve(async () => ({ status: 403, body: 'no' }));
    expect(await ask(base, {}, request => request.end(large))).toBe('403 no');
  });

  test('that is read in part is thrown away, too', async () => {
    const base = await serve(async ({ body }) => {
      for await (const _ of body ?? []) break;
      return { status: 400, body: 'enough' };
    });
    expect(await ask(base, {}, request => request.end(large))).toBe('400 enough');
  });

  test('is asked for when the client waits for that', async () => {
    const base = await serve(counting);
    const headers = { expect: '100-continue', 'content-length': large.length };
    const answer = ask(base, headers, request => {
      request.flushHeaders();
      request.once('continue', () => request.end(large));
    });
    expect(await answer).toBe(`200 ${large.length}`);
  });

  test('is not asked for when the answer is no', async () => {
    const base = await serve(async () => ({ status: 403, body: 'no' }));
    let isAsked = false;
    const headers = { expect: '100-continue', 'content-length': large.length };
    const answer = ask(base, headers, request => {
      request.flushHeaders();
      request.once('continue', () => {
        isAsked = true;
      });
    });
    expect(await answer).toBe('403 no');
    expect(isAsked).toBe(false);
  });

  test('that breaks off is an error where it is read', async () => {
    let seen: (error: unknown) => void = () => {};
    const failed = new Promise<unknown>(resolve => {
      seen = resolve;
    });
    const base = await serve(async request => {
      try {
        return await counting(request);
      } catch (error) {
        seen(error);
        throw error;
      }
    });
    ask(base, { 'content-length': 100 }, request => {
      request.write('x');
      setTimeout(() => request.destroy(), 10);
    }).catch(() => {});
    expect(await failed).toBeInstanceOf(Error);
  });

  test('that is too long for a reader', async () => {
    const base = await serve(async request => ({
      status: 200,
      body: String((await readBody(request, 1 << 20))?.length ?? 'too long'),
    }));
    expect(await ask(base, {}, request => request.end(large))).toBe('200 too long');
    expect(await ask(base, {}, request => request.end('abc'))).toBe('200 3');
  });
});

async function* stream(size: number) {
  for (let sent = 0; sent < size; sent += 1 << 16) yield Buffer.alloc(1 << 16);
}

async function* broken() {
  yield Buffer.alloc(50_000);
  throw new Error('cut');
}
