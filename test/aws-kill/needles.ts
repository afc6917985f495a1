import { createPrivateKey } from 'node:crypto';

/** What is looked for, each with the name that it is told by. */
export type Needle = { readonly name: string; readonly forms: readonly string[] };
export type Needles = {
  readonly keys: readonly Needle[];
  /** Names of archives in the bucket that are capabilities. */
  readonly objectIds: readonly Needle[];
};

const windowSize = 24;
const numbers = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/** Every 24 bytes of the key’s secret numbers: as they are, in hexadecimal, and in base64 at whatever place they stand in it. */
export function keyNeedle(name: string, pem: string): Needle {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  const secrets = numbers.flatMap(number => (jwk[number] === undefined ? [] : [Buffer.from(jwk[number], 'base64url')]));
  const windows = secrets.flatMap(bytes =>
    Array.from({ length: Math.max(0, bytes.length - windowSize + 1) }, (_, from) =>
      bytes.subarray(from, from + windowSize),
    ),
  );
  return { name, forms: [...new Set(windows.flatMap(formsOf))] };
}

/** In base64 what stands before decides where the groups of three bytes begin. */
function formsOf(window: Buffer): readonly string[] {
  const groups = [0, 1, 2].map(from => window.subarray(from, from + 21).toString('base64'));
  return [window.toString('latin1'), window.toString('hex'), ...groups];
}

export function objectIdNeedle(id: string): Needle {
  const bytes = Buffer.from(id, 'hex');
  return { name: 'an object id', forms: [id, bytes.toString('latin1'), bytes.toString('base64').slice(0, 42)] };
}

/** Names of what stands in the bytes. */
export function foundIn(bytes: Uint8Array | string, needles: readonly Needle[]): readonly string[] {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  // Lines of a PEM are broken, also as JSON and forms write it; base64url has two other letters.
  const joined = text
    .replaceAll(/\\n|\\r|%0[AaDd]|[\r\n\s]+/g, '')
    .replaceAll(/%2[Bb]/g, '+')
    .replaceAll(/%2[Ff]/g, '/');
  const places = [text, text.toLowerCase(), joined, joined.replaceAll('-', '+').replaceAll('_', '/')];
  return needles
    .filter(({ forms }) => forms.some(form => places.some(place => place.includes(form))))
    .map(({ name }) => name);
}
