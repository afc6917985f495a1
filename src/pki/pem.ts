/** One PEM block. `block` counts every BEGIN of the file, from 1, as origins do. */
export type PemBlock = {
  readonly label: string;
  /** Lines such as "Proc-Type: 4,ENCRYPTED". */
  readonly headers: readonly string[];
  readonly der: Uint8Array;
  readonly block: number;
};

/** Why a file or a block of it is not PEM; the reason ends a sentence: "… is no PEM file: it is …". */
export type PemProblem = {
  readonly kind: 'der' | 'utf-16' | 'nul' | 'empty' | 'not-pem' | 'damaged';
  readonly reason: string;
  readonly block?: number;
  /** Of the damage, in characters of the file as UTF-8, where it is known. */
  readonly offset?: number;
};

export type Pem = { readonly blocks: readonly PemBlock[]; readonly problems: readonly PemProblem[] };

const begin = '-----BEGIN';

/**
 * All blocks of a file. Line ends of any kind, a byte order mark and text between the blocks are fine (`openssl x509 -text` writes
 * some); damage is reported, never skipped: Go's pem.Decode would pass over a damaged block in silence.
 */
export function readPem(bytes: Uint8Array): Pem {
  const whole = problemOfWhole(bytes);
  if (whole) return { blocks: [], problems: [whole] };
  // Latin-1 keeps one character a byte; what matters is ASCII.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '');
  const blocks: PemBlock[] = [];
  const problems: PemProblem[] = [];
  let block = 0;
  for (let at = text.indexOf(begin); at !== -1; ) {
    block += 1;
    const next = text.indexOf(begin, at + begin.length);
    const read = readBlock(text.slice(at, next === -1 ? undefined : next), at === 0 || isLineEnd(text[at - 1]));
    if (typeof read === 'string') {
      const damage = read.startsWith(damaged) ? damageIn(text.slice(at, next === -1 ? undefined : next)) : undefined;
      const place = damage === undefined ? {} : { offset: charactersIn(text.slice(0, at + damage)) };
      problems.push({ kind: 'damaged', reason: read, block, ...place });
    } else blocks.push({ ...read, block });
    at = next;
  }
  if (block === 0) problems.push(problemOfNoBlock(bytes, text));
  return { blocks, problems };
}

function problemOfWhole(bytes: Uint8Array): PemProblem | undefined {
  if (bytes.length === 0) return { kind: 'empty', reason: 'it is empty' };
  const [first, second] = bytes;
  const utf16 =
    (first === 0xff && second === 0xfe) ||
    (first === 0xfe && second === 0xff) ||
    (first === 0x2d && second === 0) ||
    (first === 0 && second === 0x2d);
  if (utf16) return { kind: 'utf-16', reason: 'it is UTF-16 text, as some Windows tools write it' };
  if (first === 0x30 && ((second ?? 0) >= 0x80 || bytes.length === (second ?? 0) + 2))
    return { kind: 'der', reason: 'it is DER, the binary form' };
  const nul = bytes.indexOf(0);
  return nul === -1 ? undefined : { kind: 'nul', reason: `it has a NUL byte at offset ${nul}` };
}

function problemOfNoBlock(bytes: Uint8Array, text: string): PemProblem {
  if (text.trim() === '') return { kind: 'empty', reason: 'it is empty' };
  if (text.startsWith('PuTTY-User-Key-File-')) return { kind: 'not-pem', reason: 'it is a PuTTY key' };
  if (/^(ssh-|ecdsa-sha2-)/.test(text)) return { kind: 'not-pem', reason: 'it is an SSH public key' };
  if (/^[A-Za-z0-9+/\s]+=*\s*$/.test(text))
    return { kind: 'not-pem', reason: 'it is base64 without the BEGIN and END lines' };
  if (text.includes('-----END')) return { kind: 'damaged', reason: 'it has an END line but no BEGIN line' };
  return { kind: 'not-pem', reason: bytes.some(octet => octet > 0x7f) ? 'it is binary' : 'it has no BEGIN line' };
}

function isLineEnd(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

/** A block from its BEGIN up to the next; a text when it is damaged. */
function readBlock(text: string, atLineStart: boolean): Omit<PemBlock, 'block'> | string {
  if (!atLineStart) return 'its BEGIN is not at the start of a line';
  const lines = text.split(/\r\n|\n|\r/);
  const label = /^-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----[ \t]*$/.exec(lines[0] ?? '')?.[1];
  if (label === undefined) return 'its BEGIN line is malformed';
  const end = lines.findIndex(line => line.includes('-----END'));
  if (end === -1) return 'it has no END line: the file is cut off';
  if ((lines[end] ?? '').trimEnd() !== `-----END ${label}-----`) return `its END line is not that of ${label}`;
  const headers: string[] = [];
  let body = 1;
  for (; body < end && (lines[body] ?? '').includes(':'); body++) headers.push((lines[body] ?? '').trim());
  const base64 = lines
    .slice(body, end)
    .join('')
    .replaceAll(/[ \t]+/g, '');
  const der = decodeBase64(base64);
  return typeof der === 'string' ? der : { label, headers, der };
}

const damaged = 'its base64 is damaged';

/** Offset in a block of what base64 cannot be: a stray character, a line after padding, the one line of another length. */
function damageIn(block: string): number | undefined {
  const lines = [...block.matchAll(/[^\r\n]+/g)].map(match => ({ text: match[0], at: match.index }));
  const body = lines.slice(
    lines.findLastIndex((line, index) => index === 0 || /:/.test(line.text)) + 1,
    lines.findIndex(line => line.text.includes('-----END')),
  );
  for (const { text, at } of body) {
    const stray = text.search(/[^A-Za-z0-9+/= \t]/);
    if (stray !== -1) return at + stray;
  }
  const full = body.slice(0, -1);
  const padded = full.find(line => line.text.includes('='));
  if (padded) return padded.at + padded.text.indexOf('=');
  const width = Math.max(...full.map(line => line.text.trim().length));
  const [short, other] = full.filter(line => line.text.trim().length !== width);
  return other ? undefined : short?.at;
}

/** Length as UTF-8 of what was read as Latin-1. */
function charactersIn(latin1: string): number {
  return Buffer.from(latin1, 'latin1').toString('utf8').length;
}

function decodeBase64(text: string): Uint8Array | string {
  if (text === '') return 'it is empty between BEGIN and END';
  const stray = /[^A-Za-z0-9+/=]/.exec(text)?.[0];
  if (stray !== undefined) return 'its base64 is damaged: it has a character that base64 has not';
  if (!/^[^=]*={0,2}$/.test(text) || text.length % 4 !== 0) return 'its base64 is damaged: its length is wrong';
  const der = Buffer.from(text, 'base64');
  // Bits beyond the last octet must be zero, else two texts would mean the same bytes.
  if (der.toString('base64') !== text) return 'its base64 is damaged: its last characters are not canonical';
  return new Uint8Array(der.buffer, der.byteOffset, der.length);
}

/** One block in the canonical form: 64 columns, LF. */
export function writePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64');
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}
