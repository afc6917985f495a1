import { refusal } from './s3-errors.ts';
import type { Asked, Bucket, Content, Version } from './s3-types.ts';
import { hasContent } from './s3-versions.ts';
import { enter, type S3World } from './s3-world.ts';

export type ListInput = {
  readonly prefix: string;
  readonly delimiter?: string | undefined;
  /** Only what comes after: a key, or a common prefix. */
  readonly after?: string | undefined;
  readonly maxKeys?: number | undefined;
};

export type ListPage = {
  readonly objects: readonly (Version & { readonly content: Content })[];
  readonly prefixes: readonly string[];
  /** What to begin the next page after; undefined: this was the last one. */
  readonly next: string | undefined;
};

/** ListObjectsV2: current objects in the order of their keys' UTF-8 bytes. */
export async function listObjects(world: S3World, asked: Asked, input: ListInput): Promise<ListPage> {
  const bucket = await enter(world, asked);
  const limit = pageLimit(world, input.maxKeys);
  const objects: (Version & { content: Content })[] = [];
  const prefixes: string[] = [];
  let last = input.after;
  for (const key of keysBelow(bucket, input.prefix)) {
    const [latest] = bucket.versions.get(key) ?? [];
    if (!latest || !hasContent(latest)) continue;
    const entry = commonPrefix(key, input) ?? key;
    if (input.after !== undefined && compareBytes(entry, input.after) <= 0) continue;
    if (entry === prefixes.at(-1)) continue;
    if (objects.length + prefixes.length === limit) return { objects, prefixes, next: last };
    if (entry === key) objects.push(latest);
    else prefixes.push(entry);
    last = entry;
  }
  return { objects, prefixes, next: undefined };
}

export type VersionsInput = Omit<ListInput, 'after'> & {
  readonly keyMarker?: string | undefined;
  readonly versionIdMarker?: string | undefined;
};

export type VersionsPage = {
  readonly versions: readonly (Version & { readonly isLatest: boolean })[];
  readonly prefixes: readonly string[];
  readonly next: { readonly keyMarker: string; readonly versionIdMarker: string | undefined } | undefined;
};

/** ListObjectVersions: by key, of a key the newest first. */
export async function listVersions(world: S3World, asked: Asked, input: VersionsInput): Promise<VersionsPage> {
  const bucket = await enter(world, asked);
  if (input.versionIdMarker !== undefined && input.keyMarker === undefined)
    throw refusal(asked, 'InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  const limit = pageLimit(world, input.maxKeys);
  const versions: (Version & { isLatest: boolean })[] = [];
  const prefixes: string[] = [];
  for (const key of keysBelow(bucket, input.prefix)) {
    const entry = commonPrefix(key, input);
    if (entry !== undefined && (entry === prefixes.at(-1) || isUpTo(entry, input.keyMarker))) continue;
    for (const version of entry === undefined ? versionsAfter(bucket, key, input) : [undefined]) {
      if (versions.length + prefixes.length === limit) return { versions, prefixes, next: markers(versions, prefixes) };
      if (version) versions.push(version);
      else prefixes.push(entry ?? '');
    }
  }
  return { versions, prefixes, next: undefined };
}

function versionsAfter(bucket: Bucket, key: string, { keyMarker, versionIdMarker }: VersionsInput) {
  const all = (bucket.versions.get(key) ?? []).map((version, n) => ({ ...version, isLatest: n === 0 }));
  if (key === keyMarker && versionIdMarker !== undefined)
    return all.slice(all.findIndex(one => one.versionId === versionIdMarker) + 1);
  return isUpTo(key, keyMarker) ? [] : all;
}

function markers(versions: VersionsPage['versions'], prefixes: readonly string[]): VersionsPage['next'] {
  const version = versions.at(-1);
  const prefix = prefixes.at(-1);
  if (version && (prefix === undefined || compareBytes(version.key, prefix) > 0))
    return { keyMarker: version.key, versionIdMarker: version.versionId };
  return { keyMarker: prefix ?? '', versionIdMarker: undefined };
}

function pageLimit(world: S3World, maxKeys: number | undefined): number {
  return Math.min(maxKeys ?? world.pageSize, world.pageSize);
}

function keysBelow(bucket: Bucket, prefix: string): readonly string[] {
  return [...bucket.versions.keys()].filter(key => key.startsWith(prefix)).sort(compareBytes);
}

function commonPrefix(key: string, { prefix, delimiter }: Pick<ListInput, 'prefix' | 'delimiter'>): string | undefined {
  if (!delimiter) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function isUpTo(entry: string, marker: string | undefined): boolean {
  return marker !== undefined && compareBytes(entry, marker) <= 0;
}

/** Order of UTF-8, which that of UTF-16 is but for surrogates. */
export function compareBytes(a: string, b: string): number {
  const surrogate = /[\ud800-\udfff]/;
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
