import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readUserData } from '../../src/emit/read-user-data.ts';
import { sha256 } from '../../src/tree/digest.ts';
import type { Ended } from './command.ts';
import type { Exchange } from './gate.ts';
import { foundIn, keyNeedle, type Needles, objectIdNeedle } from './needles.ts';
import type { Stage } from './scenarios.ts';

/** A text or bytes that travelled or were written. `mayName`: an object id may stand in it. */
type Place = { readonly where: string; readonly bytes: Uint8Array | string; readonly mayName: boolean };

/** An archive’s key in the bucket, whole: what S3 must be told. */
const archiveKey = /secrets\/[^/\s<>&"]+\/[^/\s<>&"]+\/([0-9a-f]{64})\.tar/g;

/** The private keys beside a spec, and the ids of the archives that are named by what travelled and by the copies of user-data. */
export function needlesFor({ spec, cluster, saved }: Stage, exchanges: readonly Exchange[]): Needles {
  const pki = join(dirname(spec), 'pki');
  const keys = readdirSync(pki).filter(name => name.endsWith('-key.pem'));
  const userData = [
    ...(saved?.objects ?? []).filter(({ key }) => key.includes('/user-data/')).map(({ bytes }) => bytes),
    ...exchanges.flatMap(({ call, body, answer }) => (isUserData(call) ? [body, answer] : [])),
  ];
  const ids = cluster.aws.delivery === 'instance-scoped' ? [] : userData.flatMap(idsIn);
  return {
    keys: keys.map(name => keyNeedle(name, readFileSync(join(pki, name), 'utf8'))),
    objectIds: [...new Set(ids)].map(objectIdNeedle),
  };
}

/** Where a key stands at all, or an object id anywhere but in user-data, its copies and the S3 key. An empty list is a good one. */
export function leaksIn(exchanges: readonly Exchange[], ended: readonly Ended[], needles: Needles): readonly string[] {
  const told = ended.flatMap(({ stdout, stderr }) => [
    { where: 'stdout', bytes: stdout, mayName: false },
    { where: 'stderr', bytes: stderr, mayName: false },
  ]);
  const places: readonly Place[] = [...exchanges.flatMap(placesIn), ...told];
  return places.flatMap(({ where, bytes, mayName }) =>
    foundIn(bytes, [...needles.keys, ...(mayName ? [] : needles.objectIds)]).map(name => `${name} in ${where}`),
  );
}

function placesIn({ call, ask, body, answer }: Exchange): readonly Place[] {
  const place = (what: string, bytes: Uint8Array | string, mayName = false): Place => ({
    where: `${what} of ${call}`,
    bytes,
    mayName,
  });
  const head = [place('URL', withoutKeys(ask.url)), place('headers', Object.entries(ask.headers).flat().join('\n'))];
  if (/^PutObject secrets\//.test(call)) return [...head, place('answer', withoutKeys(answer))];
  if (isUserData(call))
    return [...head, ...[body, answer].map(bytes => place('user-data', unpacked(bytes).text, true))];
  if (call.startsWith('RunInstances')) {
    const form = body.toString('latin1');
    const [, encoded = ''] = /(?:^|&)UserData=([^&]*)/.exec(form) ?? [];
    const userData = Buffer.from(decodeURIComponent(encoded), 'base64');
    const rest = form.replace(encoded, '');
    return [
      ...head,
      place('form', rest),
      place('user-data', unpacked(userData).text, true),
      place('answer', withoutKeys(answer)),
    ];
  }
  return [...head, place('body', withoutKeys(body)), place('answer', withoutKeys(answer))];
}

const isUserData = (call: string) => call.endsWith('Object user-data/…');

function withoutKeys(bytes: Uint8Array | string): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  return text.replaceAll(archiveKey, '[key]');
}

/** As cloud-init has it, and the URL of its archive. The same ones travel again and again. */
const known = new Map<string, { readonly text: Buffer; readonly url: string }>();

function unpacked(bytes: Uint8Array): { readonly text: Buffer; readonly url: string } {
  const digest = sha256(bytes);
  const found = known.get(digest) ?? unpack(bytes);
  known.set(digest, found);
  return found;
}

function unpack(bytes: Uint8Array): { readonly text: Buffer; readonly url: string } {
  // What is no user-data is an answer in words, or none.
  if (bytes[0] !== 0x1f) return { text: Buffer.from(bytes), url: '' };
  const { files, manifest } = readUserData(bytes);
  return { text: Buffer.concat(files.map(({ content }) => content)), url: manifest.secrets.url };
}

function idsIn(userData: Uint8Array): readonly string[] {
  return [...unpacked(userData).url.matchAll(archiveKey)].flatMap(([, id]) => id ?? []);
}
