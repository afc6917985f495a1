import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { elfHeadSize, elfMachine } from './elf.ts';

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
    return checked(await describe(() => fs.createReadStream(file), name), target.arch, file);
  }
  const reasons: string[] = [];
  for (const url of target.urls) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
      if (response.ok && response.body) {
        const { body } = response;
        return checked(await describe(() => Readable.fromWeb(body as never), name), target.arch, url);
      }
      reasons.push(`${url} answered ${response.status}`);
    } catch (error) {
      const { cause, message } = error as Error;
      reasons.push(`${url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  return { kind: 'failed', reason: reasons.join('; ') };
}

/** A program for another machine is refused here rather than on the node. An archive may have some of several. */
function checked({ machines, ...facts }: Described, arch: string, place: string): BinaryFacts | Failed {
  if (machines.length === 0 || machines.includes(arch)) return facts;
  return { kind: 'failed', reason: `${place} is for ${[...new Set(machines)].join(', ')}, not for ${arch}` };
}

export function lastPart(url: string): string {
  return url.split(/[?#]/)[0]?.split('/').at(-1) ?? '';
}

/** `machines`: of the ELF programs in it. */
type Described = BinaryFacts & { readonly machines: readonly string[] };

/** One pass: hashes the whole and, of a .tar.gz or .tgz, its members. */
async function describe(open: () => Readable, name: string): Promise<Described> {
  const whole = startSum();
  const source = open();
  source.on('data', (chunk: Uint8Array) => whole.add(chunk));
  const members = /\.(tar\.gz|tgz)$/.test(name) ? await sumMembers(source) : undefined;
  if (!members) await new Promise<void>((done, failed) => source.once('end', done).once('error', failed));
  const { sha256, size, machine } = whole.end();
  const files = members && Object.fromEntries(members.map(([path, sum]) => [path, sum.sha256]));
  const machines = (members?.map(([, sum]) => sum.machine) ?? [machine]).filter(one => one !== undefined);
  return { kind: 'facts', sha256, size, files, machines };
}

type Sum = { readonly sha256: string; readonly size: number; readonly machine: string | undefined };

/** What is known of bytes once all of them have come by. */
function startSum(): { readonly add: (chunk: Uint8Array) => void; readonly end: () => Sum } {
  const hash = createHash('sha256');
  let size = 0;
  let head = new Uint8Array(0);
  return {
    add: chunk => {
      hash.update(chunk);
      size += chunk.length;
      if (head.length < elfHeadSize) head = Buffer.concat([head, chunk.subarray(0, elfHeadSize)]);
    },
    end: () => ({ sha256: hash.digest('hex'), size, machine: elfMachine(head) }),
  };
}

/** Of the regular files, sorted by path. */
async function sumMembers(source: Readable): Promise<readonly (readonly [string, Sum])[]> {
  const sums: [string, Sum][] = [];
  const unpack = extract();
  unpack.on('entry', (header, stream, next) => {
    const sum = startSum();
    stream.on('data', chunk => sum.add(chunk as Uint8Array));
    stream.on('end', () => {
      if (header.type === 'file') sums.push([header.name.replace(/^\.\//, ''), sum.end()]);
      next();
    });
  });
  await pipeline(source, createGunzip(), unpack);
  return sums.sort(([a], [b]) => (a < b ? -1 : 1));
}
