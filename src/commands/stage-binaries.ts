import { createHash } from 'node:crypto';
import path from 'node:path';
import { lastPart } from '../adapters/binary-facts.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { readUserData } from '../emit/read-user-data.ts';
import { openBinaries, type WantedBinary } from '../local/binaries.ts';
import { binaryCache } from '../local/binary-cache.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import {
  type BinarySource,
  type MirroredBinary,
  mirrorBinaries,
  type PinnedBinary,
} from '../rollout/mirror-binaries.ts';
import type { Cluster } from '../spec/resolve.ts';
import { withCommas } from '../tree/count.ts';
import type { CompiledWorker } from './compile-worker.ts';
import type { CommandIo } from './io.ts';
import { type ParsedOptions, textOf } from './table.ts';

type Place = { readonly store: ObjectStore; readonly cluster: Cluster };
type Content = { readonly size: number; readonly open: (from: number) => AsyncIterable<Uint8Array> };

/** Copies what the workers fetch to bin/, from --mirror, the cache or its URLs. STAGE_BINARIES_MISSING. */
export async function mirrorPinned(
  { store, cluster }: Place,
  compiled: readonly CompiledWorker[],
  options: ParsedOptions,
  io: CommandIo,
): Promise<readonly MirroredBinary[]> {
  const wanted = wantedBinaries(compiled);
  const given = textOf(options.mirror);
  const mirror = given === undefined ? undefined : path.resolve(io.cwd, given);
  const open = async (absent: readonly PinnedBinary[]) => {
    const needed = absent.flatMap(one => wanted.get(one) ?? []);
    const { stored, missing } = await openBinaries(needed, { mirror, cache: binaryCache() }, event =>
      io.err(`${event.kind} ${event.binary} ${event.version}\n`),
    );
    if (missing.length > 0) throw nowhere(missing.map(one => `${one.binary} ${one.version}: ${one.reason}`));
    const byUrl = new Map(stored.map(one => [one.url, one]));
    const contentOf = (one: PinnedBinary) => byUrl.get((wanted.get(one)?.urls[0] ?? '').replace(/^s3\+/, ''));
    return new Map(
      absent.flatMap(one => {
        const content = contentOf(one);
        return content ? [[one, sourceOf(content)] as const] : [];
      }),
    );
  };
  return mirrorBinaries(store, cluster, [...wanted.keys()], open, one => {
    if (!io.json) io.out(line(one));
  });
}

/** Workers share binaries: each once, in the order of the first worker that fetches it. */
function wantedBinaries(compiled: readonly CompiledWorker[]): ReadonlyMap<PinnedBinary, WantedBinary> {
  const all = compiled.flatMap(({ worker, artifacts }) =>
    readUserData(artifacts.userData).manifest.binaries.map(one => ({ ...one, arch: worker.arch })),
  );
  const once = new Map(all.map(one => [`${one.name} ${one.sha256}`, one]));
  return new Map(
    [...once.values()].map(one => {
      const { name, version, arch, sha256, size, urls } = one;
      return [{ binary: name, version, arch, sha256, size, file: lastPart(urls[0] ?? name) }, one];
    }),
  );
}

function sourceOf({ size, open }: Content): BinarySource {
  return {
    size,
    digest: async () => {
      const hash = createHash('sha256');
      for await (const chunk of open(0)) hash.update(chunk);
      return hash.digest('hex');
    },
    read: async (from, to) => {
      const part = new Uint8Array(to - from);
      let filled = 0;
      for await (const chunk of open(from)) {
        const taken = chunk.subarray(0, part.length - filled);
        part.set(taken, filled);
        filled += taken.length;
        if (filled === part.length) break;
      }
      return part.subarray(0, filled);
    },
  };
}

function nowhere(reasons: readonly string[]): OperationError {
  return new OperationError(
    'STAGE_BINARIES_MISSING',
    `these binaries can be had from nowhere: ${reasons.join('. ')}.`,
    'give --mirror DIR, or mend the URLs in pins.yaml.',
  );
}

function line({ binary, version, arch, size, outcome }: MirroredBinary): string {
  const bytes = size === undefined ? '' : `  ${withCommas(size)} bytes`;
  return `${binary} ${version} ${arch}${bytes}  ${outcome === 'put' ? 'copied to bin/' : 'in bin/ already'}\n`;
}

/** What pins.yaml is to say so that nodes fetch from the bucket; a list, since the boot program takes the first that answers. */
export function pinsText(binaries: readonly MirroredBinary[]): string {
  const lines = binaries.map(({ binary, version, arch, url }) => `  ${binary} ${version} ${arch}:\n    ${url}\n`);
  return `nodes fetch from there once pins.yaml has these first in each \`url\`:\n${lines.join('')}`;
}
