import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Handler, listen } from '../../src/local/http.ts';

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

async function* stream(size: number) {
  for (let sent = 0; sent < size; sent += 1 << 16) yield Buffer.alloc(1 << 16);
}

async function* broken() {
  yield Buffer.alloc(50_000);
  throw new Error('cut');
}
