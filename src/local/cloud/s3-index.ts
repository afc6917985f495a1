import fs from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { Blob, Bucket, Part, Posture, Upload, Version } from './s3-types.ts';
import { blobsOf } from './s3-versions.ts';

type SavedUpload = Omit<Upload, 'parts'> & { readonly parts: readonly Part[] };
type SavedBucket = {
  readonly name: string;
  readonly created: number;
  readonly posture: Posture;
  readonly versions: readonly (readonly [key: string, versions: readonly Version[]])[];
  readonly uploads: readonly SavedUpload[];
};

/** Everything but the bytes, as JSON. */
export type S3Snapshot = { readonly version: 1; readonly buckets: readonly SavedBucket[] };

export function snapshotOf(buckets: ReadonlyMap<string, Bucket>): S3Snapshot {
  const saved = [...buckets.values()].map(({ name, created, posture, versions, uploads }) => ({
    name,
    created,
    posture,
    versions: [...versions],
    uploads: [...uploads.values()].map(upload => ({ ...upload, parts: [...upload.parts.values()] })),
  }));
  return { version: 1, buckets: saved };
}

export function bucketsFrom({ buckets }: S3Snapshot): Map<string, Bucket> {
  return new Map(
    buckets.map(({ versions, uploads, ...bucket }) => [
      bucket.name,
      {
        ...bucket,
        versions: new Map(versions.map(([key, all]) => [key, all.map(one => ({ ...one, content: one.content }))])),
        uploads: new Map(
          uploads.map(upload => [
            upload.uploadId,
            { ...upload, parts: new Map(upload.parts.map(part => [part.number, part])) },
          ]),
        ),
        expiredOn: undefined,
      },
    ]),
  );
}

/** Bytes that something names. */
export function namedBlobs(buckets: ReadonlyMap<string, Bucket>): readonly Blob[] {
  return [...buckets.values()].flatMap(({ versions, uploads }) => [
    ...blobsOf([...versions.values()].flat()),
    ...[...uploads.values()].flatMap(({ parts }) => [...parts.values()].map(({ blob }) => blob)),
  ]);
}

/** The index of a folder; undefined: there is none yet. Throws an OperationError when it is another version's, or nobody's. */
export function readIndex(folder: string): S3Snapshot | undefined {
  const file = path.join(folder, indexName);
  if (!fs.existsSync(file)) return undefined;
  try {
    const index = JSON.parse(fs.readFileSync(file, 'utf8')) as S3Snapshot;
    if (index.version === 1) return index;
  } catch {
    // Said below.
  }
  throw new OperationError(
    'LOCAL_FOLDER_FOREIGN',
    `${file} cannot be read as the state of an embedded S3 by this version.`,
    'remove the embedded cloud’s state: `firstboot local down --purge`, or name another folder by --state.',
  );
}

const indexName = 'index.json';

/** Writes the index, whole or not at all; who asks while one is being written shares the next. */
export function indexWriter(folder: string, snapshot: () => unknown): () => Promise<void> {
  const file = path.join(folder, indexName);
  const write = async () => {
    await writeFile(`${file}.new`, JSON.stringify(snapshot()), { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        running = write();
        return running;
      });
    return next;
  };
}
