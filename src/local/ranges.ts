import type { Ask, Reply } from './http.ts';

/** Bytes that can be read from any offset. */
export type Content = { readonly size: number; readonly open: (from: number) => AsyncIterable<Uint8Array> };

/** From the first byte to the one after the last. `undefined`: the whole; `unsatisfiable`: no such bytes. */
type Range = { readonly from: number; readonly to: number } | 'unsatisfiable' | undefined;

/**
 * RFC 9110, 14.2: one range of bytes; what cannot be read, or several of them (which S3 does not give either), is answered
 * by the whole.
 */
function rangeOf(header: string | undefined, size: number): Range {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || match[0] === 'bytes=-') return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '')
    return last === '0' || size === 0 ? 'unsatisfiable' : { from: Math.max(0, size - Number(last)), to: size };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'unsatisfiable';
  return { from: Number(first), to: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** Answers GET and HEAD with content or the part asked for; `headers` go with each good answer. */
export function serveContent(
  ask: Ask,
  content: Content,
  headers: Readonly<Record<string, string>>,
): Reply | 'unsatisfiable' {
  const { size } = content;
  const changed = ask.headers['if-range'] !== undefined && ask.headers['if-range'] !== headers.etag;
  const range = changed ? undefined : rangeOf(ask.headers.range, size);
  if (range === 'unsatisfiable') return range;
  const { from, to } = range ?? { from: 0, to: size };
  const partial: Record<string, string> = range ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {};
  return {
    status: range ? 206 : 200,
    headers: { 'accept-ranges': 'bytes', ...headers, ...partial, 'content-length': String(to - from) },
    body: ask.method === 'HEAD' ? '' : take(content.open(from), to - from),
  };
}

/** The first bytes of a stream; breaks off when it has fewer, so that nothing short looks whole. */
export async function* take(stream: AsyncIterable<Uint8Array>, length: number): AsyncIterable<Uint8Array> {
  let left = length;
  if (left === 0) return;
  for await (const chunk of stream) {
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
  }
  throw new Error(`${left} bytes are missing`);
}
