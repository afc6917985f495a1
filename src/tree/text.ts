export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly offset: number; readonly reason: string };

/** UTF-8 text without a byte order mark; refuses other encodings and NUL bytes, which no consumer of our files accepts. */
export function decodeText(bytes: Uint8Array): Decoded {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { ok: false, offset: 0, reason: 'it is UTF-16, not UTF-8' };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { ok: false, offset: 0, reason: 'it is UTF-16, not UTF-8' };
  const nul = bytes.indexOf(0);
  if (nul !== -1) return { ok: false, offset: nul, reason: `it has a NUL byte at offset ${nul}` };
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, offset: 0, reason: 'it is not UTF-8 text' };
  }
}
