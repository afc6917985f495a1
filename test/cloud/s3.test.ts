import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { bucket, codeOf, operator, s3World as world } from './s3-world.ts';

const day = 24 * 3600 * 1000;

const put = (store: ObjectStore, key: string, text: string, onlyIf?: Parameters<ObjectStore['put']>[0]['onlyIf']) =>
  store.put({ key, bytes: Buffer.from(text), onlyIf });
const absent = { kind: 'absent' } as const;

describe('an object', () => {
  test('is what was put, with its checksum and whole seconds', async () => {
    const { store } = world();
    const head = await put(store, 'a/b', 'one');
    expect(head).toEqual({
      key: 'a/b',
      size: 3,
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      sha256: sha256('one'),
      versionId: 'null',
      lastModified: Date.parse('2026-03-01T12:00:00Z'),
      encryption: 'AES256',
    });
    expect(await store.get('a/b')).toEqual({ ...head, bytes: Buffer.from('one') });
    expect(await store.head('a/b')).toEqual(head);
  });

  test('is not there', async () => {
    const { store } = world();
    expect(await store.get('none')).toBeUndefined();
    expect(await store.head('none')).toBeUndefined();
  });

  test('does not change with the bytes that were given', async () => {
    const { store } = world();
    const bytes = Buffer.from('one');
    await store.put({ key: 'a', bytes });
    bytes.fill(0);
    expect((await store.get('a'))?.bytes.toString()).toBe('one');
  });
});

describe('conditional writes', () => {
  test('If-None-Match holds where there is nothing, and after a delete marker', async () => {
    const { s3, store } = world();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    await put(store, 'a', '1', absent);
    expect(await codeOf(put(store, 'a', '2', absent))).toBe('412 PreconditionFailed');
    await s3.operations.deleteObject({ bucket, caller: operator }, { key: 'a' });
    expect(await codeOf(put(store, 'a', '3', absent))).toBe('done');
    expect((await store.get('a'))?.bytes.toString()).toBe('3');
  });

  test('If-Match holds for the ETag that is current', async () => {
    const { store } = world();
    const first = await put(store, 'a', '1');
    const second = await put(store, 'a', '2', { kind: 'etag', etag: first.etag });
    expect(await codeOf(put(store, 'a', '3', { kind: 'etag', etag: first.etag }))).toBe('412 PreconditionFailed');
    expect(await codeOf(put(store, 'b', '3', { kind: 'etag', etag: second.etag }))).toBe('404 NoSuchKey');
    expect((await store.get('a'))?.bytes.toString()).toBe('2');
  });

  test.each([
    [false, '412 PreconditionFailed'],
    [true, '409 ConditionalRequestConflict'],
  ])('of twenty at once one wins (409 instead of 412: %s)', async (conflicts, code) => {
    const { s3, store } = world();
    s3.setConflicts(conflicts);
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => codeOf(put(store, 'a', `${n}`, absent))));
    expect(results.filter(one => one === 'done')).toHaveLength(1);
    expect(results.filter(one => one === code)).toHaveLength(19);
  });

  test('a delete during one is a conflict', async () => {
    const { s3, store } = world();
    const [write] = await Promise.all([
      codeOf(put(store, 'a', '1', absent)),
      s3.operations.deleteObject({ bucket, caller: operator }, { key: 'a' }),
    ]);
    expect(write).toBe('409 ConditionalRequestConflict');
  });
});

describe('versions', () => {
  test('are kept, marked as deleted, and removed one by one', async () => {
    const { s3, store } = world();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    const first = await put(store, 'a', '1');
    const second = await put(store, 'a', '2');
    expect(first.versionId).not.toBe(second.versionId);
    const { versionId: marker } = await s3.operations.deleteObject({ bucket, caller: operator }, { key: 'a' });
    expect(await store.get('a')).toBeUndefined();
    expect(
      (await store.versions('')).map(({ versionId, isLatest, isDeleteMarker, size }) => [
        versionId,
        isLatest,
        isDeleteMarker,
        size,
      ]),
    ).toEqual([
      [marker, true, true, 0],
      [second.versionId, false, false, 1],
      [first.versionId, false, false, 1],
    ]);
    await store.remove([{ key: 'a', versionId: marker ?? '' }]);
    expect((await store.get('a'))?.bytes.toString()).toBe('2');
    await store.remove(await store.versions('a'));
    await store.remove([{ key: 'a', versionId: first.versionId }]);
    expect(await store.versions('')).toEqual([]);
  });

  test('suspended: “null” takes the place of “null” and leaves the others', async () => {
    const { s3, store } = world();
    await put(store, 'a', 'before');
    s3.setPosture(bucket, { versioning: 'Enabled' });
    const kept = await put(store, 'a', 'enabled');
    s3.setPosture(bucket, { versioning: 'Suspended' });
    await put(store, 'a', 'suspended');
    expect((await store.versions('a')).map(one => one.versionId)).toEqual(['null', kept.versionId]);
    await s3.operations.deleteObject({ bucket, caller: operator }, { key: 'a' });
    expect((await store.versions('a')).map(one => [one.versionId, one.isDeleteMarker])).toEqual([
      ['null', true],
      [kept.versionId, false],
    ]);
  });

  test('off: a delete leaves nothing', async () => {
    const { s3, store } = world();
    await put(store, 'a', '1');
    await s3.operations.deleteObject({ bucket, caller: operator }, { key: 'a' });
    expect(await store.versions('')).toEqual([]);
  });

  test('GET of a marker is 405, of an unknown version 404', async () => {
    const { s3, store } = world();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    await put(store, 'a', '1');
    const target = { bucket, caller: operator };
    const { versionId } = await s3.operations.deleteObject(target, { key: 'a' });
    expect(await codeOf(s3.operations.getObject(target, 'a', versionId))).toBe('405 MethodNotAllowed');
    expect(await codeOf(s3.operations.getObject(target, 'a', 'other'))).toBe('404 NoSuchVersion');
  });
});

describe('lists', () => {
  test('have pages, and the order of UTF-8', async () => {
    const { s3, store } = world();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    s3.setPageSize(2);
    const keys = ['a', 'a/1', 'a/2', 'b', 'ü', '\u{ff5e}', '\u{1f600}'];
    for (const key of [...keys].reverse()) await put(store, key, key);
    await put(store, 'b', 'again');
    expect((await store.list('')).map(one => one.key)).toEqual(keys);
    expect((await store.list('a/')).map(one => one.key)).toEqual(['a/1', 'a/2']);
    expect((await store.versions('')).map(one => one.key)).toEqual(keys.toSpliced(3, 0, 'b'));
    expect(s3.callCounts().ListObjectsV2).toBe(5);
  });

  test('remove takes more than a thousand', async () => {
    const { s3, store } = world();
    for (let n = 0; n < 1001; n++) await put(store, `k${n}`, '');
    await store.remove(await store.versions(''));
    expect(await store.versions('')).toEqual([]);
    expect(s3.callCounts().DeleteObjects).toBe(2);
  });
});

describe('rights', () => {
  const node = { kind: 'instance', instanceId: 'i-0123456789abcdef0' } as const;
  const scoped = (id: string) => `secrets/c/arn:aws:ec2:eu-west-1:123456789012:instance/${id}/d.tar`;

  test('the role of an instance gets what it is given, and learns nothing of the rest', async () => {
    const { s3, store } = world();
    const keys = [
      'secrets/c/w/id.tar',
      'bin/d/kubelet',
      'state/c/lock.json',
      scoped(node.instanceId),
      scoped('i-0fedcba9876543210'),
    ];
    for (const key of keys) await put(store, key, key);
    const mine = s3.store(bucket, node);
    const results = await Promise.all([...keys, 'secrets/c/none'].map(key => codeOf(mine.get(key))));
    expect(results).toEqual(['done', 'done', '403 AccessDenied', 'done', '403 AccessDenied', '403 AccessDenied']);
    for (const asking of [
      mine.list('secrets/'),
      mine.versions(''),
      put(mine, 'secrets/x', ''),
      mine.remove([{ key: keys[0] ?? '', versionId: 'null' }]),
    ])
      expect(await codeOf(asking)).toBe('403 AccessDenied');
    expect((await mine.posture()).unknown).toMatchObject({ GetBucketPolicy: 'AccessDenied' });
    expect(await store.list('secrets/')).toHaveLength(3);
  });

  test('a prefix before them is told', async () => {
    const { s3, store } = world();
    await put(store, 'team/secrets/a', '');
    expect(await codeOf(s3.store(bucket, node).get('team/secrets/a'))).toBe('403 AccessDenied');
    s3.setNodePrefixes(['team/secrets/']);
    expect(await codeOf(s3.store(bucket, node).get('team/secrets/a'))).toBe('done');
  });

  test('a bucket of another account, and one that is not there', async () => {
    const { s3 } = world();
    expect(await codeOf(s3.operations.headBucket({ bucket, caller: operator, expectedOwner: '210987654321' }))).toBe(
      '403 AccessDenied',
    );
    expect(await codeOf(s3.store('other-bucket', operator).list(''))).toBe('404 NoSuchBucket');
  });
});

describe('encryption', () => {
  test('SSE-KMS by the bucket’s default or a key of one’s own', async () => {
    const { s3, store } = world();
    s3.setPosture(bucket, { encryption: { algorithm: 'aws:kms', kmsKey: 'arn:aws:kms:1', bucketKey: true } });
    const target = { bucket, caller: operator };
    const encryptionOf = async (key: string) => (await s3.operations.getObject(target, key)).content.encryption;
    const plain = await put(store, 'a', 'x');
    expect(plain.encryption).toBe('aws:kms');
    expect(plain.etag).not.toBe('"9dd4e461268c8034f5c8564e155c67a6"');
    expect(await encryptionOf('a')).toMatchObject({ kmsKey: 'arn:aws:kms:1', bucketKey: true });
    await store.put({ key: 'b', bytes: Buffer.from('x'), encryption: { kmsKey: 'arn:aws:kms:2' } });
    expect(await encryptionOf('b')).toMatchObject({ kmsKey: 'arn:aws:kms:2' });
  });

  test('SSE-S3 has the MD5 as ETag', async () => {
    const { store } = world();
    expect((await put(store, 'a', 'x')).etag).toBe('"9dd4e461268c8034f5c8564e155c67a6"');
  });
});

describe('large objects', () => {
  const bytes = randomBytes(33 << 20);
  const large = {
    key: 'bin/x',
    size: bytes.length,
    sha256: sha256(bytes),
    read: async (from: number, to: number) => bytes.subarray(from, to),
  };

  test('go up in parts, and go on after a cut', async () => {
    const { s3, store } = world({
      faults: [
        { call: 'UploadPart', nth: 2, effect: { kind: 'error', code: 'SlowDown' } },
        { call: 'UploadPart', nth: 3, effect: { kind: 'lost' } },
      ],
    });
    expect(await codeOf(store.putLarge(large))).toBe('503 SlowDown');
    expect(await codeOf(store.putLarge(large))).toBe('undefined NoResponse');
    const head = await store.putLarge(large);
    expect(head).toMatchObject({ size: bytes.length, sha256: undefined, etag: expect.stringMatching(/-3"$/) });
    expect(s3.callCounts()).toMatchObject({ CreateMultipartUpload: 1, UploadPart: 4, CompleteMultipartUpload: 1 });
    expect(sha256((await store.get('bin/x'))?.bytes ?? '')).toBe(large.sha256);
    expect(await s3.operations.listMultipartUploads({ bucket, caller: operator }, { prefix: '' })).toMatchObject({
      uploads: [],
    });
  });

  test('parts of something else are sent again', async () => {
    const { s3, store } = world({ faults: [{ call: 'UploadPart', nth: 3, effect: { kind: 'lost' } }] });
    const other = { ...large, read: async (from: number, to: number) => Buffer.alloc(to - from) };
    expect(await codeOf(store.putLarge(other))).toBe('undefined NoResponse');
    await store.putLarge(large);
    expect(sha256((await store.get('bin/x'))?.bytes ?? '')).toBe(large.sha256);
    expect(s3.callCounts()).toMatchObject({ CreateMultipartUpload: 1, UploadPart: 6 });
  });
});

describe('posture', () => {
  test('of a new bucket, and of one without anything', async () => {
    const { s3, store } = world();
    expect(await store.posture()).toEqual({
      region: 'eu-west-1',
      publicAccessBlock: [true, true, true, true],
      policy: undefined,
      encryption: { algorithm: 'AES256', kmsKey: undefined, bucketKey: false },
      versioning: 'Off',
      ownership: 'BucketOwnerEnforced',
      replication: false,
      objectLock: false,
      lifecycle: [],
      unknown: {},
    });
    s3.setPosture(bucket, {
      publicAccessBlock: undefined,
      encryption: undefined,
      ownership: undefined,
      replication: true,
      policy: '{}',
    });
    expect(await store.posture()).toMatchObject({
      publicAccessBlock: undefined,
      encryption: undefined,
      ownership: undefined,
      replication: true,
      policy: '{}',
      unknown: {},
    });
  });

  test('what may not be asked is said', async () => {
    const { store } = world({ faults: [{ call: 'GetBucketPolicy', effect: { kind: 'error', code: 'AccessDenied' } }] });
    expect((await store.posture()).unknown).toEqual({ GetBucketPolicy: 'AccessDenied' });
  });
});

describe('lifecycle', () => {
  const rule = { enabled: true, prefix: 'secrets/', days: 1, noncurrentDays: 1, abortUploadDays: 1 };

  test('a day later, at midnight UTC: first a marker, then the versions go', async () => {
    const { s3, store, pass } = world();
    s3.setPosture(bucket, { versioning: 'Enabled', lifecycle: [rule] });
    await put(store, 'secrets/a', '1');
    await put(store, 'state/a', '1');
    pass(day);
    expect(await store.list('')).toHaveLength(2);
    pass(day / 2);
    expect((await store.list('')).map(one => one.key)).toEqual(['state/a']);
    expect(await store.versions('secrets/')).toHaveLength(2);
    pass(2 * day);
    expect(await store.versions('secrets/')).toMatchObject([{ isDeleteMarker: true }]);
  });
});

describe('a folder', () => {
  const folder = () => {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
    onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }));
    return made;
  };

  test('has everything again after a restart, and nothing of what was cut off', async () => {
    const place = folder();
    const { s3, store } = world({ folder: place });
    s3.setPosture(bucket, { versioning: 'Enabled', policy: '{"a":1}' });
    await Promise.all(Array.from({ length: 30 }, (_, n) => put(store, `k${n % 10}`, `${n}`)));
    await s3.operations.deleteObject({ bucket, caller: operator }, { key: 'k0' });
    const before = await store.versions('');
    fs.writeFileSync(path.join(place, 'objects', 'left-over'), 'x');
    fs.writeFileSync(path.join(place, 'index.json.new'), '{"vers');
    const { store: again } = world({ folder: place });
    expect(await again.versions('')).toEqual(before);
    expect(await again.posture()).toMatchObject({ versioning: 'Enabled', policy: '{"a":1}' });
    expect((await again.get('k1'))?.size).toBeGreaterThan(0);
    expect(fs.readdirSync(path.join(place, 'objects'))).toHaveLength(30);
    await again.remove(await again.versions(''));
    expect(fs.readdirSync(path.join(place, 'objects'))).toEqual([]);
  });

  test.each(['{"version":2}', '{"vers', '[]'])('an index that says %s is not touched', text => {
    const place = folder();
    fs.mkdirSync(path.join(place, 'objects'));
    fs.writeFileSync(path.join(place, 'objects', 'kept'), 'x');
    fs.writeFileSync(path.join(place, 'index.json'), text);
    expect(() => world({ folder: place })).toThrow(/index\.json cannot be read/);
    expect(fs.readFileSync(path.join(place, 'objects', 'kept'), 'utf8')).toBe('x');
  });

  test('nothing is left of a write whose condition failed', async () => {
    const place = folder();
    const { store } = world({ folder: place });
    await put(store, 'a', '1');
    await codeOf(put(store, 'a', '2', absent));
    expect(fs.readdirSync(path.join(place, 'objects'))).toHaveLength(1);
    expect(fs.statSync(path.join(place, 'index.json')).mode & 0o777).toBe(0o600);
  });
});
