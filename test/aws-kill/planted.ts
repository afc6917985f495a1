import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Exchange } from './gate.ts';
import { needlesFor } from './leaks.ts';
import type { Stage } from './scenarios.ts';

const places = ['body', 'answer', 'URL', 'header'] as const;
const calls = ['PutObject workers/worker-0.json', 'RunInstances', 'GetConsoleOutput', 'DeleteObjects secrets/…'];

/** What travelled, each time with one leak among it, and its name. */
export function plantedIn(
  stage: Stage,
  exchanges: readonly Exchange[],
): readonly (readonly [string, readonly Exchange[]])[] {
  return Object.entries(secretsOf(stage, exchanges)).flatMap(([what, secret]) =>
    calls.flatMap(call =>
      places.map(place => {
        const planted = exchanges.map(one => (one.call === call ? plant(one, place, secret) : one));
        return [`${what} in the ${place} of ${call}`, planted] as const;
      }),
    ),
  );
}

/** A part of a key in each form, and an object id without the key that it belongs to. */
function secretsOf(stage: Stage, exchanges: readonly Exchange[]): Readonly<Record<string, string>> {
  const pem = readFileSync(join(dirname(stage.spec), 'pki', `${stage.lane.workers[0]}-key.pem`), 'utf8');
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  const part = Buffer.from(d, 'base64url').subarray(5, 29);
  const [id] = needlesFor(stage, exchanges).objectIds;
  return {
    'a PEM': pem,
    'a PEM in JSON': JSON.stringify(pem),
    'a PEM in a form': encodeURIComponent(pem),
    'raw bytes': part.toString('latin1'),
    'hexadecimal digits': part.toString('hex').toUpperCase(),
    base64: Buffer.concat([Buffer.from('{'), part]).toString('base64'),
    base64url: Buffer.concat([Buffer.from('{"'), part]).toString('base64url'),
    'an object id': id?.forms[0] ?? '',
  };
}

function plant(exchange: Exchange, place: (typeof places)[number], secret: string): Exchange {
  const { ask, body, answer } = exchange;
  switch (place) {
    case 'body':
      return { ...exchange, body: Buffer.concat([body, Buffer.from(`&Planted=${secret}`, 'latin1')]) };
    case 'answer':
      return { ...exchange, answer: Buffer.concat([answer, Buffer.from(secret, 'latin1')]) };
    case 'URL':
      return { ...exchange, ask: { ...ask, url: `${ask.url}?${secret}` } };
    case 'header':
      return { ...exchange, ask: { ...ask, headers: { ...ask.headers, 'x-amz-meta-planted': secret } } };
  }
}
