import { setTimeout as pause } from 'node:timers/promises';
import type { Ask, Handler, Reply } from './http.ts';
import { placeAsked } from './object-server.ts';

/** `place`: host/path as the object server has it, or the path of instance metadata without its first slash. */
type Picks = (place: string) => boolean;

/** The first requests are answered by these, one after another. */
export function failFirst(
  inner: Handler,
  picks: Picks,
  answers: readonly ((ask: Ask) => Reply | undefined)[],
): Handler {
  let asked = 0;
  return async ask => {
    const answer = picks(placeAsked(ask)) ? answers[asked++] : undefined;
    return answer ? answer(ask) : inner(ask);
  };
}

/** Takes the request and never answers. */
export function dead(inner: Handler, picks: Picks): Handler {
  return ask => (picks(placeAsked(ask)) ? new Promise(() => {}) : inner(ask));
}

/** The first `times` downloads of each file are announced as whole and break off half-way. */
export function cut(inner: Handler, picks: Picks, times: number): Handler {
  const counts = new Map<string, number>();
  return async ask => {
    const place = placeAsked(ask);
    const reply = await inner(ask);
    const { content, length } = streamOf(reply);
    const count = counts.get(place) ?? 0;
    if (!picks(place) || !reply || !content || count >= times) return reply;
    counts.set(place, count + 1);
    return { ...reply, body: firstHalf(content, length) };
  };
}

async function* firstHalf(content: AsyncIterable<Uint8Array>, length: number): AsyncIterable<Uint8Array> {
  let left = Math.floor(length / 2);
  for await (const chunk of content) {
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) break;
  }
  throw new Error('cut on purpose');
}

/** A download takes about so many seconds, in some 20 pieces. */
export function slowed(inner: Handler, picks: Picks, seconds: number): Handler {
  return async ask => {
    const reply = await inner(ask);
    const { content, length } = streamOf(reply);
    if (!picks(placeAsked(ask)) || !reply || !content) return reply;
    return { ...reply, body: trickle(content, length, seconds) };
  };
}

async function* trickle(
  content: AsyncIterable<Uint8Array>,
  length: number,
  seconds: number,
): AsyncIterable<Uint8Array> {
  const piece = Math.max(1, Math.ceil(length / 20));
  for await (const chunk of content)
    for (let from = 0; from < chunk.length; from += piece) {
      const part = chunk.subarray(from, from + piece);
      await pause((seconds * 1000 * part.length) / length);
      yield part;
    }
}

/** The body of a good answer to GET. */
function streamOf(reply: Reply | undefined): { content?: AsyncIterable<Uint8Array>; length: number } {
  const body = reply && reply.status < 300 ? reply.body : undefined;
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return { length: 0 };
  return { content: body, length: Number(reply?.headers?.['content-length']) };
}
