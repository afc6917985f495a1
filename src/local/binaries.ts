import fs from 'node:fs';
import path from 'node:path';
import { lastPart } from '../adapters/binary-facts.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { ManifestBinary } from '../emit/read-user-data.ts';
import { masked } from '../tree/shown.ts';
import { fetchToCache } from './fetch-to-cache.ts';
import { hashFile, openFile } from './file-content.ts';
import type { Stored } from './object-server.ts';

export type WantedBinary = ManifestBinary & { readonly arch: string };

/** A binary that can be had from nowhere; the reason is for people. */
export type MissingBinary = { readonly binary: string; readonly version: string; readonly reason: string };

export type Places = {
  /** Laid out DIR/<binary>/<version>/<arch>/<last part of a url>. What is there is served as it is. */
  readonly mirror: string | undefined;
  /** Of fetched files, by their SHA-256. */
  readonly cache: string;
};

export type FetchEvent = {
  readonly kind: 'fetching' | 'fetched';
  readonly binary: string;
  readonly version: string;
  readonly url: string;
};

/**
 * Each binary from the mirror folder, else from the cache, else from its URLs in order, all at once; served under each of
 * its URLs. FILE_NOT_READ: the mirror is no folder.
 */
export async function openBinaries(
  binaries: readonly WantedBinary[],
  places: Places,
  told: (event: FetchEvent) => void = () => {},
): Promise<{ readonly stored: readonly Stored[]; readonly missing: readonly MissingBinary[] }> {
  if (places.mirror !== undefined && !statOf(places.mirror)?.isDirectory()) throw noMirror(places.mirror);
  // Workers share binaries: each is looked for once.
  const wanted = [...new Map(binaries.map(one => [`${one.name}/${one.version}/${one.sha256}`, one])).values()];
  const found = await Promise.all(wanted.map(async one => ({ one, place: await find(one, places, told) })));
  return {
    stored: found.flatMap(({ one, place }) => (place.kind === 'file' ? serve(one, place.file) : [])),
    missing: found.flatMap(({ one, place }) =>
      place.kind === 'missing' ? [{ binary: one.name, version: one.version, reason: place.reason }] : [],
    ),
  };
}

function noMirror(mirror: string): OperationError {
  return new OperationError(
    'FILE_NOT_READ',
    `the mirror ${mirror} cannot be read: there is no such folder.`,
    'a mirror is laid out DIR/<binary>/<version>/<arch>/<last part of the URL>; name DIR by --mirror.',
  );
}

type Place = { readonly kind: 'file'; readonly file: string } | { readonly kind: 'missing'; readonly reason: string };

async function find(
  binary: WantedBinary,
  { mirror, cache }: Places,
  told: (event: FetchEvent) => void,
): Promise<Place> {
  const looked = mirror === undefined ? [] : filesOf(binary, mirror);
  const mirrored = looked.find(isFile);
  if (mirrored) return { kind: 'file', file: mirrored };
  const cached = path.join(cache, binary.sha256);
  if (isFile(cached) && (await hashFile(cached)) === binary.sha256) return { kind: 'file', file: cached };
  const reasons = looked.map(file => `${file} does not exist`);
  for (const url of binary.urls) {
    const of = { binary: binary.name, version: binary.version, url: masked(url) };
    told({ kind: 'fetching', ...of });
    const problem = await fetchToCache(url, binary, cached);
    if (problem === undefined) {
      told({ kind: 'fetched', ...of });
      return { kind: 'file', file: cached };
    }
    reasons.push(`${masked(url)} ${problem}`);
  }
  return { kind: 'missing', reason: reasons.join('; ') };
}

function filesOf({ name, version, arch, urls }: WantedBinary, mirror: string): readonly string[] {
  return [...new Set(urls.map(url => path.join(mirror, name, version, arch, lastPart(url))))];
}

function isFile(file: string): boolean {
  return statOf(file)?.isFile() ?? false;
}

/** Undefined also where a file stands in a folder’s place, or a right is missing. */
function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file);
  } catch {
    return undefined;
  }
}

function serve({ urls }: WantedBinary, file: string): readonly Stored[] {
  const content = { size: fs.statSync(file).size, open: openFile(file) };
  return urls.map(url => ({ url: url.replace(/^s3\+/, ''), signed: url.startsWith('s3+'), ...content }));
}
