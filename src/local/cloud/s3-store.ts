import { CallError } from '../../diagnostics/call-error.ts';
import type { NewObject, ObjectHead, ObjectStore, VersionName } from '../../ports/object-store.ts';
import { openBytes } from '../file-content.ts';
import { bytesOf } from './s3-content.ts';
import { encryptionRequest, headOf } from './s3-head.ts';
import type { VersionsInput } from './s3-lists.ts';
import type { S3Operations, Target } from './s3-operations.ts';
import { postureOf } from './s3-posture.ts';
import { putLarge } from './s3-put-large.ts';

const batch = 1000;

/** The port on the state machine, as one caller has it. */
export function createStore(operations: S3Operations, target: Target): ObjectStore {
  return {
    bucket: target.bucket,
    put: object => put(operations, target, object),
    get: async key => {
      const found = await orAbsent(operations.getObject(target, key));
      return found && { ...headOf(found), bytes: await bytesOf(found.open(0)) };
    },
    head: async key => {
      const found = await orAbsent(operations.headObject(target, key));
      return found && headOf(found);
    },
    list: async prefix => {
      const objects = [];
      for (let after: string | undefined; ; ) {
        const page = await operations.listObjectsV2(target, { prefix, after });
        objects.push(...page.objects);
        if (page.next === undefined) break;
        after = page.next;
      }
      return objects.map(({ key, lastModified, content }) => ({ key, lastModified, size: content.size }));
    },
    versions: async prefix => {
      const versions = [];
      for (let input: VersionsInput = { prefix }; ; ) {
        const page = await operations.listObjectVersions(target, input);
        versions.push(...page.versions);
        if (!page.next) break;
        input = { prefix, ...page.next };
      }
      return versions.map(({ key, versionId, lastModified, content, isLatest }) => ({
        key,
        versionId,
        lastModified,
        isLatest,
        isDeleteMarker: content === undefined,
        size: content?.size ?? 0,
      }));
    },
    remove: (versions: readonly VersionName[]) => remove(operations, target, versions),
    putLarge: object => putLarge(operations, target, object),
    posture: () => postureOf(operations, target),
  };
}

async function put(operations: S3Operations, target: Target, object: NewObject): Promise<ObjectHead> {
  const { key, bytes, onlyIf, encryption } = object;
  const version = await operations.putObject(target, {
    key,
    body: openBytes(bytes)(0),
    // Without a value there is nothing to compare: the bytes have not travelled.
    checksum: { algorithm: 'SHA256', value: () => undefined },
    ifNoneMatch: onlyIf?.kind === 'absent' ? '*' : undefined,
    ifMatch: onlyIf?.kind === 'etag' ? onlyIf.etag : undefined,
    encryption: encryptionRequest(encryption),
  });
  return headOf(version);
}

async function remove(operations: S3Operations, target: Target, versions: readonly VersionName[]): Promise<void> {
  for (let from = 0; from < versions.length; from += batch)
    await operations.deleteObjects(target, versions.slice(from, from + batch));
}

async function orAbsent<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof CallError && error.code === 'NoSuchKey') return undefined;
    throw error;
  }
}
