import { openBytes } from './file-content.ts';
import type { Handler, Reply } from './http.ts';
import { placeAsked } from './object-server.ts';
import { type Content, serveContent } from './ranges.ts';

type Change = 'truncated' | 'wrong-digest' | 'wrong-arch' | 'error-page';

const page = Buffer.from(
  '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1></body></html>\n',
);

/** Serves some files changed, and the same change whichever part is asked for. */
export function altered(inner: Handler, picks: (place: string) => boolean, change: Change): Handler {
  return async ask => {
    if (!picks(placeAsked(ask))) return inner(ask);
    // Range is no signed header, so the whole can be asked for in its place.
    const { range: _, 'if-range': __, ...headers } = ask.headers;
    const reply = await inner({ ...ask, headers });
    const content = contentOf(reply);
    if (!reply || !content) return reply;
    if (change === 'error-page') return errorPage();
    const served = serveContent(ask, changed(content, change), { ...reply.headers });
    return served === 'unsatisfiable'
      ? { status: 416, headers: { 'content-range': `bytes */${changed(content, change).size}` } }
      : served;
  };
}

/** As a proxy or a captive portal gives it: it knows of no parts. */
function errorPage(): Reply {
  const headers = { 'content-type': 'text/html', 'content-length': String(page.length) };
  return { status: 200, headers, body: openBytes(page)(0) };
}

/** Of an answer that has the whole of a file. */
function contentOf(reply: Reply | undefined): Content | undefined {
  const { status, body, headers } = reply ?? {};
  if (status !== 200 || body === undefined || typeof body === 'string') return undefined;
  if (body instanceof Uint8Array) return { size: body.length, open: openBytes(body) };
  return { size: Number(headers?.['content-length']), open: from => skip(body, from) };
}

async function* skip(stream: AsyncIterable<Uint8Array>, count: number): AsyncIterable<Uint8Array> {
  let left = count;
  for await (const chunk of stream) {
    if (left < chunk.length) yield chunk.subarray(left);
    left -= Math.min(left, chunk.length);
  }
}

function changed({ size, open }: Content, change: Exclude<Change, 'error-page'>): Content {
  if (change === 'truncated') return { size: Math.floor(size / 2), open };
  const at = change === 'wrong-arch' ? machineAt : Math.floor(size / 2);
  return { size, open: from => withByteChanged(open(from), at - from, change === 'wrong-arch' ? otherMachine : 1) };
}

/** e_machine of an ELF header (elf(5)): x86-64 is 0x3e, AArch64 0xb7; the exclusive or of both turns one into the other. */
const machineAt = 18;
const otherMachine = 0x3e ^ 0xb7;

async function* withByteChanged(
  stream: AsyncIterable<Uint8Array>,
  at: number,
  difference: number,
): AsyncIterable<Uint8Array> {
  let offset = at;
  for await (const chunk of stream) {
    const isHere = offset >= 0 && offset < chunk.length;
    yield isHere ? Uint8Array.from(chunk, (byte, n) => (n === offset ? byte ^ difference : byte)) : chunk;
    offset -= chunk.length;
  }
}
