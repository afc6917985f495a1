import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { LargeObject, ObjectStore } from '../../src/ports/object-store.ts';
import { type Behaviour, refusal, refusedWith } from './contract.ts';

export type ObjectStoreWorld = {
  /** A bucket with versions, set up as `firstboot iam` says: see sdk-worlds.ts. */
  readonly store: ObjectStore;
  /** One without, as it was made. */
  readonly plain: ObjectStore;
  /** The first one again, for a caller who expects it to belong to another account. */
  readonly foreign: ObjectStore;
  /** A bucket that is not there. */
  readonly nowhere: ObjectStore;
  readonly region: string;
  /** A prefix that nothing else uses. */
  readonly prefix: () => string;
  /** Milliseconds since 1970, as the server has it. */
  readonly now: () => number;
  /** DELETE without a version. */
  readonly mark: (key: string) => Promise<void>;
  /** How often a call was made, by its name at AWS. */
  readonly calls: (name: string) => number;
};

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
async function textAt(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found && Buffer.from(found.bytes).toString();
}

const absent = { kind: 'absent' } as const;

const single: readonly Behaviour<ObjectStoreWorld>[] = [
  {
    name: 'an object is read as it was put',
    run: async ({ store, prefix, now }) => {
      const key = `${prefix()}a`;
      const bytes = Uint8Array.from({ length: 100_000 }, (_, n) => (n * 7919) >> 3);
      const put = await store.put({ key, bytes });
      const { bytes: read, ...head } = (await store.get(key)) ?? expect.fail('not there');
      expect(Buffer.from(read).equals(bytes)).toBe(true);
      expect(await store.head(key)).toEqual(head);
      expect(head).toMatchObject({ key, size: bytes.length, etag: put.etag, versionId: put.versionId });
      expect(head.etag).toMatch(/^".+"$/);
      expect(Math.abs(head.lastModified - now())).toBeLessThan(600_000);
    },
  },
  {
    name: 'the SHA-256 of an object is kept with it',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      const put = await store.put({ key, bytes: bytesOf('one') });
      expect(put.sha256).toBe(digestOf(bytesOf('one')));
      expect((await store.head(key))?.sha256).toBe(put.sha256);
      expect((await store.get(key))?.sha256).toBe(put.sha256);
    },
  },
  {
    name: 'an object may be empty',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}empty`;
      await store.put({ key, bytes: new Uint8Array() });
      expect((await store.head(key))?.size).toBe(0);
      expect(await textAt(store, key)).toBe('');
    },
  },
  {
    name: 'a key that is not there is undefined',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}nothing`;
      expect(await store.get(key)).toBeUndefined();
      expect(await store.head(key)).toBeUndefined();
      expect(await store.list(key)).toEqual([]);
      expect(await store.versions(key)).toEqual([]);
    },
  },
  {
    name: 'a bucket that is not there is an error',
    run: async ({ nowhere }) => {
      const wanted = { code: 'NoSuchBucket', status: 404 };
      expect(await refusal(nowhere.get('a'))).toEqual(wanted);
      expect(await refusal(nowhere.put({ key: 'a', bytes: bytesOf('one') }))).toEqual(wanted);
      expect(await refusal(nowhere.list(''))).toEqual(wanted);
    },
  },
  {
    name: 'what is put with SSE-KMS says so',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      const put = await store.put({ key, bytes: bytesOf('one'), encryption: { kmsKey: null } });
      expect(put.encryption).toBe('aws:kms');
      expect((await store.head(key))?.encryption).toBe('aws:kms');
    },
  },
  {
    name: 'keys of every kind are kept apart',
    run: async ({ store, prefix }) => {
      const below = prefix();
      const names = ['a b', 'a+b', 'a%20b', 'ä&<>"\'', 'arn:aws:ec2:us-east-1:123456789012:instance/i-0/x.tar'];
      const keys = names.map(name => below + name);
      for (const key of keys) await store.put({ key, bytes: bytesOf(key) });
      for (const key of keys) expect(await textAt(store, key)).toBe(key);
      expect((await store.list(below)).map(one => one.key).sort()).toEqual([...keys].sort());
      await store.remove(await store.versions(below));
      expect(await store.versions(below)).toEqual([]);
    },
  },
];

const conditional: readonly Behaviour<ObjectStoreWorld>[] = [
  {
    name: 'If-None-Match lets the first put through and no other',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one'), onlyIf: absent });
      const again = store.put({ key, bytes: bytesOf('two'), onlyIf: absent });
      expect(await refusal(again)).toEqual({ code: 'PreconditionFailed', status: 412 });
      expect(await textAt(store, key)).toBe('one');
    },
  },
  {
    name: 'of twenty puts with If-None-Match at once, one wins',
    run: ({ store, prefix }) => race(store, `${prefix()}a`, () => absent),
  },
  {
    name: 'If-None-Match after all versions are gone is as before the first put',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one'), onlyIf: absent });
      await store.remove(await store.versions(key));
      await store.put({ key, bytes: bytesOf('two'), onlyIf: absent });
    },
  },
  {
    name: 'If-None-Match holds behind a delete marker',
    run: async ({ store, prefix, mark }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one') });
      await mark(key);
      await store.put({ key, bytes: bytesOf('two'), onlyIf: absent });
    },
  },
  {
    name: 'If-Match replaces what was read, and nothing newer',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      const { etag } = await store.put({ key, bytes: bytesOf('one') });
      const onlyIf = { kind: 'etag', etag } as const;
      const second = await store.put({ key, bytes: bytesOf('two'), onlyIf });
      expect(second.etag).not.toBe(etag);
      expect(await refusal(store.put({ key, bytes: bytesOf('three'), onlyIf }))).toEqual({
        code: 'PreconditionFailed',
        status: 412,
      });
      expect(await textAt(store, key)).toBe('two');
    },
  },
  {
    name: 'If-Match where nothing is, is NoSuchKey',
    run: async ({ store, prefix }) => {
      const onlyIf = { kind: 'etag', etag: '"0123456789abcdef0123456789abcdef"' } as const;
      const put = store.put({ key: `${prefix()}a`, bytes: bytesOf('one'), onlyIf });
      expect(await refusal(put)).toEqual({ code: 'NoSuchKey', status: 404 });
    },
  },
  {
    name: 'of twenty puts with the same If-Match at once, one wins',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      const { etag } = await store.put({ key, bytes: bytesOf('start') });
      await race(store, key, () => ({ kind: 'etag', etag }));
    },
  },
];

/** The winner’s bytes are there; the others are told that they lost, by 412 or 409. */
async function race(
  store: ObjectStore,
  key: string,
  onlyIf: () => NonNullable<Parameters<ObjectStore['put']>[0]['onlyIf']>,
): Promise<void> {
  const puts = Array.from({ length: 20 }, async (_, n) => {
    const put = store.put({ key, bytes: bytesOf(`racer ${n}`), onlyIf: onlyIf() });
    return put.then(
      () => `racer ${n}`,
      async () => {
        await refusedWith(put, 'PreconditionFailed', 'ConditionalRequestConflict');
        return undefined;
      },
    );
  });
  const winners = (await Promise.all(puts)).filter(one => one !== undefined);
  expect(winners).toHaveLength(1);
  expect(await textAt(store, key)).toBe(winners[0]);
}

const versions: readonly Behaviour<ObjectStoreWorld>[] = [
  {
    name: 'every put makes a version, and removing one brings back the one before',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      const first = await store.put({ key, bytes: bytesOf('one') });
      const second = await store.put({ key, bytes: bytesOf('second') });
      const found = await store.versions(key);
      expect(found.map(({ versionId, isLatest, size }) => ({ versionId, isLatest, size }))).toEqual([
        { versionId: second.versionId, isLatest: true, size: 6 },
        { versionId: first.versionId, isLatest: false, size: 3 },
      ]);
      await store.remove([{ key, versionId: second.versionId }]);
      expect((await store.get(key))?.versionId).toBe(first.versionId);
    },
  },
  {
    name: 'a delete marker hides an object and is a version',
    run: async ({ store, prefix, mark }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one') });
      await mark(key);
      expect(await store.get(key)).toBeUndefined();
      expect(await store.head(key)).toBeUndefined();
      expect(await store.list(key)).toEqual([]);
      const found = await store.versions(key);
      expect(found.filter(one => one.isDeleteMarker).map(one => one.isLatest)).toEqual([true]);
      expect(found).toHaveLength(2);
      await store.remove(found);
      expect(await store.versions(key)).toEqual([]);
    },
  },
  {
    name: 'what is gone counts as removed',
    run: async ({ store, prefix }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one') });
      const found = await store.versions(key);
      await store.remove(found);
      await store.remove(found);
      await store.remove([]);
    },
  },
  {
    name: 'a bucket without versions has the version null',
    run: async ({ plain, prefix }) => {
      const key = `${prefix()}a`;
      expect((await plain.put({ key, bytes: bytesOf('one') })).versionId).toBe('null');
      await plain.put({ key, bytes: bytesOf('two') });
      const found = await plain.versions(key);
      expect(found.map(one => one.versionId)).toEqual(['null']);
      await plain.remove(found);
      expect(await plain.get(key)).toBeUndefined();
    },
  },
  {
    name: 'a thousand and one objects are listed',
    run: async world => {
      const { below, keys } = await manyObjects(world);
      expect((await world.store.list(below)).map(one => one.key)).toEqual(keys);
    },
  },
  {
    name: 'a thousand and one versions are listed, each once',
    run: async world => {
      const { below, keys } = await manyObjects(world);
      expect((await world.store.versions(below)).map(one => one.key)).toEqual(keys);
    },
  },
  {
    name: 'a thousand and one versions are removed',
    run: async world => {
      const { below } = await manyObjects(world);
      many.delete(world);
      await world.store.remove(await world.store.versions(below));
      expect(await world.store.versions(below)).toEqual([]);
    },
  },
];

type Many = { readonly below: string; readonly keys: readonly string[] };
const many = new WeakMap<ObjectStoreWorld, Promise<Many>>();

/** One more than S3 puts on a page, and takes in one DeleteObjects; made once for several behaviours. */
function manyObjects(world: ObjectStoreWorld): Promise<Many> {
  const { store, prefix } = world;
  const made = many.get(world) ?? make();
  many.set(world, made);
  return made;

  async function make(): Promise<Many> {
    const below = prefix();
    const keys = Array.from({ length: 1001 }, (_, n) => `${below}${String(n).padStart(4, '0')}`);
    for (let from = 0; from < keys.length; from += 50)
      await Promise.all(keys.slice(from, from + 50).map(key => store.put({ key, bytes: bytesOf(key) })));
    return { below, keys };
  }
}

const size = 17 * 2 ** 20;

/** 17 MiB that are nowhere the same: three parts. */
function largeObject(key: string): LargeObject & { readonly bytes: Uint8Array } {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4) bytes.writeUInt32LE((at * 2654435761) % 2 ** 32, at);
  return { key, size, sha256: digestOf(bytes), bytes, read: async (from, to) => bytes.subarray(from, to) };
}

const large: readonly Behaviour<ObjectStoreWorld>[] = [
  {
    name: 'a large object is put in parts',
    run: async ({ store, prefix }) => {
      const object = largeObject(`${prefix()}large`);
      const put = await store.putLarge(object);
      expect(await store.head(object.key)).toMatchObject({ size, etag: put.etag, versionId: put.versionId });
      const { bytes = new Uint8Array() } = (await store.get(object.key)) ?? {};
      expect(digestOf(bytes)).toBe(object.sha256);
    },
  },
  {
    name: 'an upload that was broken off goes on where it ended',
    run: async ({ store, prefix, calls }) => {
      const object = largeObject(`${prefix()}large`);
      const broken = new Error('broken off');
      const read: LargeObject['read'] = async (from, to) => {
        if (to === size) throw broken;
        return object.read(from, to);
      };
      await expect(store.putLarge({ ...object, read })).rejects.toBe(broken);
      expect(await store.head(object.key)).toBeUndefined();
      const before = calls('UploadPart');
      await store.putLarge(object);
      expect(calls('UploadPart') - before).toBe(1);
      expect((await store.head(object.key))?.size).toBe(size);
    },
  },
  {
    name: 'parts that are not as they were are sent again',
    run: async ({ store, prefix }) => {
      const object = largeObject(`${prefix()}large`);
      const read: LargeObject['read'] = async (from, to) => {
        if (to === size) throw new Error('broken off');
        return new Uint8Array(to - from);
      };
      await expect(store.putLarge({ ...object, read })).rejects.toThrow('broken off');
      await store.putLarge(object);
      const { bytes = new Uint8Array() } = (await store.get(object.key)) ?? {};
      expect(digestOf(bytes)).toBe(object.sha256);
    },
  },
  {
    name: 'bytes with another digest never become an object',
    run: async ({ store, prefix }) => {
      const object = { ...largeObject(`${prefix()}large`), sha256: digestOf(bytesOf('something else')) };
      await refusedWith(store.putLarge(object), 'BadDigest');
      expect(await store.head(object.key)).toBeUndefined();
    },
  },
];

const bucket: readonly Behaviour<ObjectStoreWorld>[] = [
  {
    name: 'a bucket of another account is refused',
    run: async ({ store, foreign, prefix }) => {
      const key = `${prefix()}a`;
      await store.put({ key, bytes: bytesOf('one') });
      const wanted = { code: 'AccessDenied', status: 403 };
      expect(await refusal(foreign.get(key))).toEqual(wanted);
      expect(await refusal(foreign.head(key))).toEqual(wanted);
      expect(await refusal(foreign.put({ key, bytes: bytesOf('two') }))).toEqual(wanted);
      expect(await refusal(foreign.list(key))).toEqual(wanted);
      expect(await refusal(foreign.remove(await store.versions(key)))).toEqual(wanted);
      expect(await textAt(store, key)).toBe('one');
    },
  },
  {
    name: 'versioning and region of a bucket are told',
    run: async ({ store, plain, region }) => {
      expect(await store.posture()).toMatchObject({ versioning: 'Enabled', region });
      expect(await plain.posture()).toMatchObject({ versioning: 'Off' });
    },
  },
  {
    name: 'the policy of a bucket is told',
    run: async ({ store, plain }) => {
      expect((await store.posture()).policy).toContain('aws:SecureTransport');
      expect((await plain.posture()).policy).toBeUndefined();
    },
  },
  {
    name: 'the ownership of a bucket is told',
    run: async ({ store }) => {
      expect((await store.posture()).ownership).toBe('BucketOwnerEnforced');
    },
  },
  {
    name: 'public access block, encryption and lifecycle of a bucket are told',
    run: async ({ store }) => {
      expect(await store.posture()).toMatchObject({
        publicAccessBlock: [true, true, true, true],
        encryption: { algorithm: 'aws:kms', kmsKey: undefined, bucketKey: true },
        lifecycle: [{ enabled: true, prefix: 'secrets/', days: 1, noncurrentDays: 1, abortUploadDays: 1 }],
        unknown: {},
      });
    },
  },
  {
    // https://aws.amazon.com/blogs/aws/heads-up-amazon-s3-security-changes-are-coming-in-april-of-2023/
    name: 'a new bucket has what AWS gives it, and nothing else',
    run: async ({ plain }) => {
      const { region: _, encryption, ...posture } = await plain.posture();
      expect(encryption?.algorithm).toBe('AES256');
      expect(posture).toEqual({
        publicAccessBlock: [true, true, true, true],
        policy: undefined,
        versioning: 'Off',
        ownership: 'BucketOwnerEnforced',
        replication: false,
        objectLock: false,
        lifecycle: [],
        unknown: {},
      });
    },
  },
];

/** What the doc comments of the port promise. */
export const objectStoreContract: readonly Behaviour<ObjectStoreWorld>[] = [
  ...single,
  ...conditional,
  ...versions,
  ...large,
  ...bucket,
];
