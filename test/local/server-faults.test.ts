import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type FaultName, faults } from '../../src/local/fault-table.ts';
import { codeOf, type Fault, parseFault, withFaults } from '../../src/local/faults.ts';
import { openBytes } from '../../src/local/file-content.ts';
import { createImds } from '../../src/local/imds.ts';
import { createObjectServer } from '../../src/local/object-server.ts';
import { answer, ask, instance, now, region } from './handlers.ts';
import { signed } from './signer.ts';

const archive = randomBytes(2000);
const kubelet = Buffer.concat([
  Buffer.from([0x7f, 0x45, 0x4c, 0x46]),
  randomBytes(14),
  Buffer.from([0x3e, 0]),
  randomBytes(3980),
]);
const secretsUrl = 's3+https://bucket.s3.eu-west-1.amazonaws.com/secrets/from-scratch/worker-0/01.tar';
const binaryUrls = ['https://dl.k8s.io/v1.36.1/kubelet', 'https://mirror.example/kubelet'];
const worker = instance();

/** The servers of one worker with faults, and how it asks them. */
function start(...names: readonly string[]) {
  const stored = [secretsUrl, ...binaryUrls].map(url => {
    const bytes = url === secretsUrl ? archive : kubelet;
    return { url: url.replace('s3+', ''), signed: url === secretsUrl, size: bytes.length, open: openBytes(bytes) };
  });
  const { imds, objects } = withFaults(
    {
      imds: createImds({ instanceAt: () => worker, now: () => now }),
      objects: createObjectServer({ stored, roles: [worker.role], region, now: () => now }),
    },
    names.map(parseFault) as Fault[],
    { secretsUrl, binaryUrls, slowSeconds: 0.2 },
  );
  const ranged = (from: number): Record<string, string> => (from > 0 ? { range: `bytes=${from}-` } : {});
  return {
    token: () =>
      answer(
        imds,
        ask('/latest/api/token', { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } }),
      ),
    metadata: async (path: string, token: string) =>
      answer(imds, ask(path, { headers: { 'x-aws-ec2-metadata-token': token } })),
    secrets: async (from = 0) =>
      answer(objects, await signed({ role: worker.role, path: placeOf(secretsUrl), headers: ranged(from) })),
    binary: (from = 0, url = binaryUrls[0] as string) => answer(objects, ask(placeOf(url), { headers: ranged(from) })),
    plain: (url: string) => answer(objects, ask(placeOf(url))),
    answersAtOnce: async (url: string) =>
      Promise.race([objects(ask(placeOf(url))).then(() => true), pause(100).then(() => false)]),
  };
}

const placeOf = (url: string) => url.replace(/^(s3\+)?https:\//, '');

/** Asks until all is there, going on where it stopped; every status on the way. */
async function download(get: (from: number) => ReturnType<ReturnType<typeof start>['binary']>) {
  const statuses: string[] = [];
  let got = Buffer.alloc(0);
  for (let attempt = 0; attempt < 10; attempt++) {
    const { status, body, isCut } = await get(got.length);
    statuses.push(`${status}${isCut ? ' cut' : ''}`);
    if (status < 300) got = Buffer.concat([status === 206 ? got : Buffer.alloc(0), body]);
    if (status < 300 && !isCut) break;
  }
  return { statuses, got };
}

describe('instance metadata', () => {
  test('imds-late cuts the first 2 connections', async () => {
    const { token } = start('imds-late');
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await token()).status);
    expect(statuses).toEqual([0, 0, 200, 200, 200]);
  });

  test('role-late has no role for 2 requests, and all the rest', async () => {
    const { token, metadata } = start('role-late');
    const one = (await token()).body.toString();
    const ofRole = () => metadata('/latest/meta-data/iam/security-credentials/', one);
    expect((await metadata('/latest/meta-data/instance-id', one)).status).toBe(200);
    expect([await ofRole(), await ofRole(), await ofRole(), await ofRole()].map(({ status }) => status)).toEqual([
      404, 404, 200, 200,
    ]);
  });
});

describe('the archive', () => {
  test.each<[string, readonly string[]]>([
    ['s3-403-then-ok', ['403', '403', '403', '200']],
    ['s3-500', ['500', '503', '500', '200']],
    ['cut-in-the-middle@secrets', ['200 cut', '206 cut', '206']],
    ['slow@secrets', ['200']],
  ])('%s: %j, then the archive', async (name, statuses) => {
    const { secrets, binary } = start(name);
    expect(await download(secrets)).toEqual({ statuses, got: archive });
    expect((await binary()).body).toEqual(kubelet);
  });

  test('errors are S3’s', async () => {
    const { secrets } = start('s3-500');
    const bodies = [await secrets(), await secrets()].map(({ body }) => body.toString());
    expect(bodies).toEqual([
      expect.stringContaining('<Code>InternalError</Code>'),
      expect.stringContaining('<Code>SlowDown</Code>'),
    ]);
  });

  test('what is not signed is refused before it is changed', async () => {
    const { plain } = start('wrong-digest@secrets', 'truncated@secrets', 'cut-in-the-middle@secrets');
    const { status, body, isCut } = await plain(secretsUrl);
    expect([status, body.toString(), isCut]).toEqual([403, expect.stringContaining('AccessDenied'), false]);
  });
});

describe('binaries', () => {
  test('cut-in-the-middle: each file breaks off twice, and can be resumed', async () => {
    const { binary, secrets } = start('cut-in-the-middle');
    const first = await binary();
    expect([first.headers['content-length'], first.body.length, first.isCut]).toEqual(['4000', 2000, true]);
    expect(await download(binary)).toEqual({ statuses: ['200 cut', '206'], got: kubelet });
    expect(await download(from => binary(from, binaryUrls[1]))).toEqual({
      statuses: ['200 cut', '206 cut', '206'],
      got: kubelet,
    });
    expect((await secrets()).body).toEqual(archive);
  });

  test('truncated: the first half, as if it were all, each time', async () => {
    const { binary } = start('truncated');
    for (const { status, headers, body } of [await binary(), await binary()])
      expect([status, headers['content-length'], body]).toEqual([200, '2000', kubelet.subarray(0, 2000)]);
    const part = await binary(500);
    expect([part.status, part.headers['content-range'], part.body]).toEqual([
      206,
      'bytes 500-1999/2000',
      kubelet.subarray(500, 2000),
    ]);
    expect((await binary(2000)).status).toBe(416);
  });

  test('wrong-digest: one byte, the same in each part', async () => {
    const { binary } = start('wrong-digest');
    const { body } = await binary();
    expect(differences(body, kubelet)).toEqual([2000]);
    expect((await binary(1999)).body).toEqual(body.subarray(1999));
    expect((await binary(2000)).body).toEqual(body.subarray(2000));
    expect((await binary(2001)).body).toEqual(kubelet.subarray(2001));
  });

  test('wrong-arch: an ELF file of the other machine', async () => {
    const { body } = await start('wrong-arch').binary();
    expect(differences(body, kubelet)).toEqual([18]);
    expect(body.readUInt16LE(18)).toBe(0xb7);
  });

  test('error-page: HTML and 200, whatever part is asked for', async () => {
    const { binary } = start('error-page');
    for (const from of [0, 100]) {
      const { status, headers, body } = await binary(from);
      expect([status, headers['content-type']]).toEqual([200, 'text/html']);
      expect(body.toString()).toMatch(/^<!DOCTYPE html>/);
    }
  });

  test('dead-mirror: the first host never answers, another does', async () => {
    const { answersAtOnce, binary, secrets } = start('dead-mirror');
    expect(await answersAtOnce(binaryUrls[0] as string)).toBe(false);
    expect(await start().answersAtOnce(binaryUrls[0] as string)).toBe(true);
    expect((await binary(0, binaryUrls[1])).body).toEqual(kubelet);
    expect((await secrets()).body).toEqual(archive);
  });
});

describe('pairs', () => {
  const lasting: readonly FaultName[] = ['truncated', 'wrong-digest', 'wrong-arch', 'error-page'];
  const passing: readonly FaultName[] = ['slow', 'cut-in-the-middle'];
  const pairs = passing.flatMap(one => lasting.map(two => [one, two] as const));

  test.each(pairs)('%s and %s: the file stays wrong', async (one, two) => {
    for (const names of [
      [one, two],
      [two, one],
    ]) {
      const { got } = await download(start(...names).binary);
      const alone = await download(start(two).binary);
      expect(got).toEqual(alone.got);
      expect(got).not.toEqual(kubelet);
    }
  });

  test('slow and cut: all comes', async () => {
    expect(await download(start('slow', 'cut-in-the-middle').binary)).toEqual({
      statuses: ['200 cut', '206 cut', '206'],
      got: kubelet,
    });
  });

  test('s3-500, s3-403-then-ok and a cut: one after the other', async () => {
    const { secrets } = start('cut-in-the-middle@secrets', 's3-403-then-ok', 's3-500');
    expect(await download(secrets)).toEqual({
      statuses: ['403', '403', '403', '500', '503', '500', '200 cut', '206 cut', '206'],
      got: archive,
    });
  });
});

describe('names', () => {
  test('a phase is taken where the fault can hit', () => {
    expect(parseFault('truncated@secrets')).toEqual({ name: 'truncated', phase: 'secrets' });
    expect(parseFault('kill@done')).toEqual({ name: 'kill', phase: 'done' });
    expect(parseFault('slow')).toEqual({ name: 'slow' });
  });

  test.each([
    ['slw', 'there is no fault “slw”', 'did you mean slow?'],
    ['nothing-of-all', 'there is no fault “nothing-of-all”', expect.stringContaining('imds-late, role-late')],
    ['constructor', 'there is no fault “constructor”', expect.any(String)],
    ['slow@kernel', 'slow cannot hit in a phase “kernel”', 'it can in binaries, secrets.'],
    ['kill@', 'kill cannot hit in a phase “”', expect.any(String)],
    ['slow@secrets@secrets', 'there is no fault “slow@secrets@secrets”', expect.any(String)],
  ])('%s: %s', (text, problem, hint) => {
    expect(parseFault(text)).toEqual({ problem, hint });
  });

  test('the code is of the phase that is hit', () => {
    expect(codeOf({ name: 'truncated' })).toBe('BOOT_BINARIES_DIGEST');
    expect(codeOf({ name: 'truncated', phase: 'secrets' })).toBe('BOOT_SECRETS_DIGEST');
    expect(codeOf({ name: 'slow' })).toBeUndefined();
  });

  test('every code of the table is one that can be explained', async () => {
    const { bootCodes } = await import('../../src/diagnostics/boot-codes.ts');
    for (const [name, { phases }] of Object.entries(faults))
      for (const phase of phases) {
        const code = codeOf({ name: name as FaultName, phase });
        if (code) expect(Object.keys(bootCodes)).toContain(code);
      }
  });
});

function differences(a: Buffer, b: Buffer): readonly number[] {
  return [...a.keys()].filter(n => a[n] !== b[n]);
}
