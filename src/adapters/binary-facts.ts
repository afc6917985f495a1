import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

export type BinaryFacts = {
  readonly kind: 'facts';
  readonly sha256: string;
  readonly size: number;
  /** SHA-256 of each regular file of a tar archive. */
  readonly files: Readonly<Record<string, string>> | undefined;
};

type Target = {
  readonly binary: string;
  readonly version: string;
  readonly arch: string;
  readonly urls: readonly string[];
};
type Failed = { readonly kind: 'failed'; readonly reason: string };

/** Ten minutes for a binary of 100 MB or so. */
const timeout = 600_000;

/** Digest and size of one binary, from a mirror folder or from the first of its URLs that answers. */
export async function describeBinary(target: Target, mirror: string | undefined): Promise<BinaryFacts | Failed> {
  const name = lastPart(target.urls[0] ?? '');
  if (mirror !== undefined) {
    const file = path.join(mirror, target.binary, target.version, target.arch, name);
    if (!fs.existsSync(file)) return { kind: 'failed', reason: `${file} does not exist` };
    return describe(() => fs.createReadStream(file), name);
  }
  const reasons: string[] = [];
  for (const url of target.urls) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
      if (response.ok && response.body) {
        const { body } = response;
        return await describe(() => Readable.fromWeb(body as never), name);
      }
      reasons.push(`${url} answered ${response.status}`);
    } catch (error) {
      const { cause, message } = error as Error;
      reasons.push(`${url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  return { kind: 'failed', reason: reasons.join('; ') };
}

export function lastPart(url: string): string {
  return url.split(/[?#]/)[0]?.split('/').at(-1) ?? '';
}

/** One pass: hashes the whole and, of a .tar.gz or .tgz, its members. */
async function describe(open: () => Readable, name: string): Promise<BinaryFacts> {
  const whole = createHash('sha256');
  let size = 0;
  const source = open();
  source.on('data', (chunk: Uint8Array) => {
    whole.update(chunk);
    size += chunk.length;
  });
  const files = /\.(tar\.gz|tgz)$/.test(name) ? await hashMembers(source) : undefined;
  if (!files) await new Promise<void>((done, failed) => source.once('end', done).once('error', failed));
  return { kind: 'facts', sha256: whole.digest('hex'), size, files };
}

async function hashMembers(source: Readable): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  const unpack = extract();
  unpack.on('entry', (header, stream, next) => {
    const hash = createHash('sha256');
    stream.on('data', chunk => void hash.update(chunk as Uint8Array));
    stream.on('end', () => {
      if (header.type === 'file') files[header.name.replace(/^\.\//, '')] = hash.digest('hex');
      next();
    });
  });
  await pipeline(source, createGunzip(), unpack);
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}
