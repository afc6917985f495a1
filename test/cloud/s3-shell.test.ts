import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import * as aws from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { S3Options } from '../../src/local/cloud/s3.ts';
import { listen } from '../../src/local/http.ts';
import { newRole } from '../../src/local/role.ts';
import { createS3Shell } from '../../src/local/shell/s3-shell.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { accountId, bucket, codeOf, region, s3World } from './s3-world.ts';

const key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: randomBytes(30).toString('base64') };
const role = { ...newRole(Date.now()), instanceId: 'i-0123456789abcdef0' };
const old = { ...newRole(Date.now()), expires: Date.now() - 1000, instanceId: 'i-0fedcba9876543210' };

async function shell(more: Partial<S3Options> = {}) {
  const world = s3World({ ...more, clock: { now: Date.now, sleep: async () => {} } });
  const handler = createS3Shell({ s3: world.s3, credentials: () => [key, role, old], region, now: Date.now });
  const { port, close } = await listen(handler, '127.0.0.1');
  onTestFinished(close);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = (config: aws.S3ClientConfig = {}) => {
    const made = new aws.S3Client({
      endpoint,
      region,
      credentials: key,
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    });
    onTestFinished(() => made.destroy());
    return made;
  };
  return { ...world, endpoint, port, client, s3c: client() };
}

const put = (client: aws.S3Client, name: string, more: Partial<aws.PutObjectCommandInput> = {}) =>
  client.send(new aws.PutObjectCommand({ Bucket: bucket, Key: name, Body: 'hello', ...more }));
const get = (client: aws.S3Client, name: string, more: Partial<aws.GetObjectCommandInput> = {}) =>
  client.send(new aws.GetObjectCommand({ Bucket: bucket, Key: name, ...more }));
const textOf = async (answer: aws.GetObjectCommandOutput) => answer.Body?.transformToString();

describe('objects', () => {
  test('go in and come out with all that is known of them', async () => {
    const { s3c, s3 } = await shell();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    const name = "a b/ü+~!(&)*'/x";
    const written = await put(s3c, name, {
      ChecksumAlgorithm: 'SHA256',
      ContentType: 'text/plain',
      Metadata: { a: 'b' },
      CacheControl: 'no-store',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:1',
    });
    const facts = {
      VersionId: written.VersionId,
      ETag: written.ETag,
      ChecksumSHA256: Buffer.from(sha256('hello'), 'hex').toString('base64'),
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:1',
    };
    expect(written).toMatchObject({
      ...facts,
      VersionId: expect.stringMatching(/^\S{32}$/),
      ETag: expect.stringMatching(/^"\w{32}"$/),
    });
    const read = await get(s3c, name);
    expect(read).toMatchObject({
      ...facts,
      ContentType: 'text/plain',
      Metadata: { a: 'b' },
      CacheControl: 'no-store',
      ContentLength: 5,
    });
    expect(await textOf(read)).toBe('hello');
    const head = await s3c.send(new aws.HeadObjectCommand({ Bucket: bucket, Key: name, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ...facts, ContentLength: 5 });
    expect([head.LastModified, (head.LastModified?.getTime() ?? 1) % 1000]).toEqual([read.LastModified, 0]);
  });

  test('ranges', async () => {
    const { s3c } = await shell();
    await put(s3c, 'a', { Body: '0123456789' });
    const part = await get(s3c, 'a', { Range: 'bytes=2-4' });
    expect([part.$metadata.httpStatusCode, part.ContentRange, await textOf(part)]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    expect(await textOf(await get(s3c, 'a', { Range: 'bytes=-3' }))).toBe('789');
    expect(await codeOf(get(s3c, 'a', { Range: 'bytes=10-' }))).toBe('416 InvalidRange');
  });

  test('what is absent', async () => {
    const { s3c } = await shell();
    expect(await codeOf(get(s3c, 'none'))).toBe('404 NoSuchKey');
    expect(await codeOf(s3c.send(new aws.HeadObjectCommand({ Bucket: bucket, Key: 'none' })))).toBe('404 NotFound');
    expect(await codeOf(get(s3c, 'a', { Bucket: 'none-such' }))).toBe('404 NoSuchBucket');
  });

  test('in any case, empty or large, by stream or not', async () => {
    const { s3c } = await shell();
    const bytes = randomBytes(3 << 20);
    await put(s3c, 'empty', { Body: '' });
    expect(await textOf(await get(s3c, 'empty'))).toBe('');
    await put(s3c, 'large', { Body: bytes });
    await put(s3c, 'stream', {
      Body: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
      ContentLength: bytes.length,
    });
    for (const name of ['large', 'stream'])
      expect(sha256((await (await get(s3c, name)).Body?.transformToByteArray()) ?? '')).toBe(sha256(bytes));
  });

  test('delete markers and versions', async () => {
    const { s3c, s3 } = await shell();
    s3.setPosture(bucket, { versioning: 'Enabled' });
    const { VersionId } = await put(s3c, 'a');
    const deleted = await s3c.send(new aws.DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));
    expect(deleted).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    expect(await codeOf(get(s3c, 'a'))).toBe('404 NoSuchKey');
    expect(await textOf(await get(s3c, 'a', { VersionId }))).toBe('hello');
    expect(await codeOf(get(s3c, 'a', { VersionId: deleted.VersionId }))).toBe('405 MethodNotAllowed');
    const listed = await s3c.send(new aws.ListObjectVersionsCommand({ Bucket: bucket }));
    expect(listed).toMatchObject({
      Versions: [{ Key: 'a', VersionId, IsLatest: false, Size: 5 }],
      DeleteMarkers: [{ Key: 'a', VersionId: deleted.VersionId, IsLatest: true }],
    });
    const objects = [
      { Key: 'a', VersionId },
      { Key: 'a', VersionId: deleted.VersionId },
      { Key: 'gone', VersionId: 'x' },
    ];
    const batch = await s3c.send(new aws.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects } }));
    expect(batch.Deleted).toMatchObject([{ Key: 'a', VersionId }, { Key: 'a', DeleteMarker: true }, { Key: 'gone' }]);
    expect(batch.Errors).toBeUndefined();
    expect((await s3c.send(new aws.ListObjectVersionsCommand({ Bucket: bucket }))).Versions).toBeUndefined();
    expect(
      (await s3c.send(new aws.DeleteObjectCommand({ Bucket: bucket, Key: 'a', VersionId }))).$metadata.httpStatusCode,
    ).toBe(204);
  });
});

describe('conditions', () => {
  test('of writes', async () => {
    const { s3c } = await shell();
    const { ETag } = await put(s3c, 'a', { IfNoneMatch: '*' });
    expect(await codeOf(put(s3c, 'a', { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    await put(s3c, 'a', { IfMatch: ETag, Body: 'other' });
    expect(await codeOf(put(s3c, 'a', { IfMatch: ETag }))).toBe('412 PreconditionFailed');
    expect(await codeOf(put(s3c, 'b', { IfMatch: ETag }))).toBe('404 NoSuchKey');
  });

  test('of reads', async () => {
    const { s3c } = await shell();
    const { ETag } = await put(s3c, 'a');
    expect(await codeOf(get(s3c, 'a', { IfMatch: '"x"' }))).toBe('412 PreconditionFailed');
    expect(await codeOf(get(s3c, 'a', { IfNoneMatch: ETag }))).toMatch(/^304/);
  });

  test.each([
    [false, '412 PreconditionFailed'],
    [true, '409 ConditionalRequestConflict'],
  ])('twenty at once: one wins (409 instead of 412: %s)', async (conflicts, code) => {
    const { s3c, s3 } = await shell();
    s3.setConflicts(conflicts);
    const results = await Promise.all(Array.from({ length: 20 }, () => codeOf(put(s3c, 'a', { IfNoneMatch: '*' }))));
    expect(results.filter(one => one === 'done')).toHaveLength(1);
    expect(results.filter(one => one === code || one === '412 PreconditionFailed')).toHaveLength(19);
  });
});

describe('checksums', () => {
  test.each(['SHA256', 'CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s is computed as the SDK does', async algorithm => {
    const { s3c } = await shell();
    const written = await put(s3c, 'a', { ChecksumAlgorithm: algorithm, Body: '123456789' });
    const known = {
      SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
      CRC32: 'y/Q5Jg==',
      CRC32C: '4waSgw==',
      CRC64NVME: 'rosUhgp5mIg=',
    };
    expect(written[`Checksum${algorithm}`]).toBe(known[algorithm]);
    expect(await textOf(await get(s3c, 'a', { ChecksumMode: 'ENABLED' }))).toBe('123456789');
  });

  test.each([
    ['SHA-256', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }, '400 BadDigest'],
    ['CRC32', { ChecksumCRC32: 'AAAAAA==' }, '400 BadDigest'],
    ['one of a wrong length', { ChecksumSHA256: 'AAAA' }, '400 InvalidRequest'],
    ['MD5', { ContentMD5: Buffer.alloc(16).toString('base64') }, '400 BadDigest'],
    ['no MD5', { ContentMD5: 'AAAA' }, '400 InvalidDigest'],
    ['a kind that is not here', { ChecksumSHA1: 'AAAA' }, '501 NotImplemented'],
  ])('a wrong %s', async (_, input, code) => {
    const { s3c } = await shell();
    expect(await codeOf(put(s3c, 'a', input))).toBe(code);
    expect(await codeOf(get(s3c, 'a'))).toBe('404 NoSuchKey');
  });
});

describe('who asks', () => {
  test.each([
    ['a wrong secret', { credentials: { ...key, secretAccessKey: 'x' } }, '403 SignatureDoesNotMatch'],
    ['an unknown key', { credentials: { ...key, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' } }, '403 InvalidAccessKeyId'],
    ['a role without its token', { credentials: role }, '403 InvalidAccessKeyId'],
    ['a wrong token', { credentials: { ...role, sessionToken: 'x' } }, '400 InvalidToken'],
    ['a token that has expired', { credentials: { ...old, sessionToken: old.token } }, '400 ExpiredToken'],
    ['another region', { region: 'us-east-1' }, '400 AuthorizationHeaderMalformed'],
    ['a clock that is behind', { systemClockOffset: -16 * 60_000 }, '403 RequestTimeTooSkewed'],
  ])('%s is refused', async (_, config, code) => {
    const { client } = await shell();
    expect(await codeOf(put(client(config), 'a'))).toBe(code);
  });

  test('ExpectedBucketOwner', async () => {
    const { s3c } = await shell();
    expect(await codeOf(put(s3c, 'a', { ExpectedBucketOwner: accountId }))).toBe('done');
    expect(await codeOf(put(s3c, 'a', { ExpectedBucketOwner: '210987654321' }))).toBe('403 AccessDenied');
  });

  test('the role of an instance gets its secrets and nothing else', async () => {
    const { s3c, client } = await shell();
    const node = client({ credentials: { ...role, sessionToken: role.token } });
    const scoped = (id: string) => `secrets/c/arn:aws:ec2:${region}:${accountId}:instance/${id}/d.tar`;
    const keys = [
      'secrets/c/w/id.tar',
      'bin/d/kubelet',
      scoped(role.instanceId),
      'state/c/lock.json',
      scoped('i-0fedcba9876543210'),
    ];
    for (const one of keys) await put(s3c, one);
    const results = await Promise.all([...keys, 'secrets/none'].map(one => codeOf(get(node, one))));
    expect(results).toEqual(['done', 'done', 'done', '403 AccessDenied', '403 AccessDenied', '403 AccessDenied']);
    expect(await codeOf(put(node, 'secrets/x'))).toBe('403 AccessDenied');
    expect(await codeOf(node.send(new aws.ListObjectsV2Command({ Bucket: bucket })))).toBe('403 AccessDenied');
  });
});

test('lists have pages, prefixes and delimiters', async () => {
  const { s3c, s3 } = await shell();
  for (const name of ['a/1', 'a/2', 'b', 'c/1', 'd&<>']) await put(s3c, name);
  s3.setPageSize(2);
  const keys: (string | undefined)[] = [];
  for await (const page of aws.paginateListObjectsV2({ client: s3c }, { Bucket: bucket }))
    keys.push(...(page.Contents ?? []).map(one => one.Key));
  expect(keys).toEqual(['a/1', 'a/2', 'b', 'c/1', 'd&<>']);
  const found: (string | undefined)[] = [];
  for await (const { Contents = [], CommonPrefixes = [] } of aws.paginateListObjectsV2(
    { client: s3c },
    { Bucket: bucket, Delimiter: '/' },
  ))
    found.push(...CommonPrefixes.map(one => one.Prefix), ...Contents.map(one => one.Key));
  expect(found).toEqual(['a/', 'b', 'c/', 'd&<>']);
});

describe('uploads in parts', () => {
  const bytes = randomBytes((5 << 20) + 100);
  const parts = [bytes.subarray(0, 5 << 20), bytes.subarray(5 << 20)];
  const here = { Bucket: bucket, Key: 'bin/x' };

  async function uploaded(client: aws.S3Client, more: Partial<aws.CreateMultipartUploadCommandInput> = {}) {
    const { UploadId } = await client.send(
      new aws.CreateMultipartUploadCommand({ ...here, ChecksumAlgorithm: 'SHA256', ...more }),
    );
    const Parts: aws.CompletedPart[] = [];
    for (const [n, Body] of parts.entries()) {
      const input = {
        ...here,
        UploadId,
        PartNumber: n + 1,
        Body,
        ChecksumAlgorithm: more.ChecksumAlgorithm ?? 'SHA256',
      };
      const { $metadata: _, ...part } = await client.send(new aws.UploadPartCommand(input));
      Parts.push({ ...part, PartNumber: n + 1 });
    }
    return { UploadId, Parts };
  }
  const complete = (
    client: aws.S3Client,
    UploadId: string | undefined,
    Parts: aws.CompletedPart[],
    more: Partial<aws.CompleteMultipartUploadCommandInput> = {},
  ) => client.send(new aws.CompleteMultipartUploadCommand({ ...here, UploadId, MultipartUpload: { Parts }, ...more }));

  test.each(['SHA256', 'CRC64NVME'] as const)('are seen, completed and read (%s)', async ChecksumAlgorithm => {
    const { s3c } = await shell();
    const { UploadId, Parts } = await uploaded(s3c, { ChecksumAlgorithm });
    expect((await s3c.send(new aws.ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads).toMatchObject([
      { Key: 'bin/x', UploadId, ChecksumAlgorithm },
    ]);
    const listed = await s3c.send(new aws.ListPartsCommand({ ...here, UploadId, MaxParts: 1 }));
    expect(listed).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '1',
      Parts: [{ PartNumber: 1, Size: 5 << 20, ETag: Parts[0]?.ETag }],
    });
    expect(await complete(s3c, UploadId, Parts)).toMatchObject({ ETag: expect.stringMatching(/-2"$/) });
    expect(sha256((await (await get(s3c, 'bin/x')).Body?.transformToByteArray()) ?? '')).toBe(sha256(bytes));
    expect(await codeOf(complete(s3c, UploadId, Parts))).toBe('404 NoSuchUpload');
  });

  test('what is wrong with them', async () => {
    const { s3c } = await shell();
    const { UploadId, Parts } = await uploaded(s3c);
    const [first, second] = Parts as [aws.CompletedPart, aws.CompletedPart];
    const bad = (Parts: aws.CompletedPart[], more = {}) => codeOf(complete(s3c, UploadId, Parts, more));
    expect(await bad([second, first])).toBe('400 InvalidPartOrder');
    expect(await bad([first, { ...second, ETag: '"x"' }])).toBe('400 InvalidPart');
    expect(await bad([first, { ...second, PartNumber: 3 }])).toBe('400 InvalidPart');
    expect(await bad([first, { ...second, ChecksumSHA256: first.ChecksumSHA256 }])).toBe('400 InvalidPart');
    expect(await bad([first, { ...second, ChecksumSHA256: undefined }])).toBe('400 InvalidRequest');
    expect(await bad([first, second], { ChecksumSHA256: first.ChecksumSHA256 })).toBe('400 BadDigest');
    const small = { ...here, UploadId, PartNumber: 1, Body: 'x', ChecksumAlgorithm: 'SHA256' as const };
    const { ETag, ChecksumSHA256 } = await s3c.send(new aws.UploadPartCommand(small));
    expect(await bad([{ PartNumber: 1, ETag, ChecksumSHA256 }, second])).toBe('400 EntityTooSmall');
    await put(s3c, 'bin/x');
    expect(await bad([second], { IfNoneMatch: '*' })).toBe('412 PreconditionFailed');
    expect(await bad([second])).toBe('done');
  });

  test('lists of uploads have pages', async () => {
    const { s3c } = await shell();
    const names = ['a', 'a', 'a', 'b', 'c'];
    const begun: (string | undefined)[] = [];
    for (const Key of names)
      begun.push((await s3c.send(new aws.CreateMultipartUploadCommand({ Bucket: bucket, Key }))).UploadId);
    const found: (string | undefined)[] = [];
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (let pages = 0; pages < 3; pages++) {
      const page = await s3c.send(new aws.ListMultipartUploadsCommand({ Bucket: bucket, MaxUploads: 2, ...markers }));
      found.push(...(page.Uploads ?? []).map(one => one.UploadId));
      expect(page.IsTruncated).toBe(pages < 2);
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    expect(found.toSorted()).toEqual(begun.toSorted());
  });

  test('aborted, nothing is left', async () => {
    const { s3c } = await shell();
    const { UploadId } = await uploaded(s3c);
    await s3c.send(new aws.AbortMultipartUploadCommand({ ...here, UploadId }));
    expect(await codeOf(s3c.send(new aws.ListPartsCommand({ ...here, UploadId })))).toBe('404 NoSuchUpload');
  });
});

describe('buckets', () => {
  test('are made, set up, and looked at', async () => {
    const { s3c } = await shell();
    const Bucket = 'another-bucket';
    await s3c.send(new aws.CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
    expect(
      await codeOf(
        s3c.send(new aws.CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } })),
      ),
    ).toBe('409 BucketAlreadyOwnedByYou');
    expect(await s3c.send(new aws.HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: region });
    expect(await s3c.send(new aws.GetBucketLocationCommand({ Bucket }))).toMatchObject({ LocationConstraint: region });
    await s3c.send(new aws.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect(await s3c.send(new aws.GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: false,
    };
    await s3c.send(new aws.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    expect(await s3c.send(new aws.GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration,
    });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await s3c.send(new aws.PutBucketPolicyCommand({ Bucket, Policy }));
    expect(await s3c.send(new aws.GetBucketPolicyCommand({ Bucket }))).toMatchObject({ Policy });
    expect(await codeOf(s3c.send(new aws.PutBucketPolicyCommand({ Bucket, Policy: 'no' })))).toBe(
      '400 MalformedPolicy',
    );
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: 'arn:aws:kms:1' },
      BucketKeyEnabled: true,
    };
    await s3c.send(
      new aws.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }),
    );
    expect(await s3c.send(new aws.GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: { Rules: [rule] },
    });
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' as const }] };
    await s3c.send(new aws.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
    expect(await s3c.send(new aws.GetBucketOwnershipControlsCommand({ Bucket }))).toMatchObject({ OwnershipControls });
    const Rules = [
      {
        ID: 'rule-1',
        Status: 'Enabled' as const,
        Filter: { Prefix: 'secrets/' },
        Expiration: { Days: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 2 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
      },
    ];
    await s3c.send(new aws.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    expect(await s3c.send(new aws.GetBucketLifecycleConfigurationCommand({ Bucket }))).toMatchObject({ Rules });
    await s3c.send(new aws.DeleteBucketCommand({ Bucket }));
    expect(await codeOf(s3c.send(new aws.HeadBucketCommand({ Bucket })))).toBe('404 NotFound');
  });

  test('what a bucket does not have has an error of its own', async () => {
    const { s3c, s3 } = await shell();
    s3.setPosture(bucket, { publicAccessBlock: undefined, encryption: undefined, ownership: undefined });
    const here = { Bucket: bucket };
    const results = await Promise.all([
      codeOf(s3c.send(new aws.GetBucketPolicyCommand(here))),
      codeOf(s3c.send(new aws.GetPublicAccessBlockCommand(here))),
      codeOf(s3c.send(new aws.GetBucketEncryptionCommand(here))),
      codeOf(s3c.send(new aws.GetBucketReplicationCommand(here))),
      codeOf(s3c.send(new aws.GetObjectLockConfigurationCommand(here))),
      codeOf(s3c.send(new aws.GetBucketLifecycleConfigurationCommand(here))),
      codeOf(s3c.send(new aws.GetBucketOwnershipControlsCommand(here))),
    ]);
    expect(results).toEqual([
      '404 NoSuchBucketPolicy',
      '404 NoSuchPublicAccessBlockConfiguration',
      '404 ServerSideEncryptionConfigurationNotFoundError',
      '404 ReplicationConfigurationNotFoundError',
      '404 ObjectLockConfigurationNotFoundError',
      '404 NoSuchLifecycleConfiguration',
      '404 OwnershipControlsNotFoundError',
    ]);
  });

  test('what it does have', async () => {
    const { s3c, s3 } = await shell();
    s3.setPosture(bucket, { replication: true, objectLock: true });
    expect(
      (await s3c.send(new aws.GetBucketReplicationCommand({ Bucket: bucket }))).ReplicationConfiguration?.Rules,
    ).toHaveLength(1);
    expect(
      (await s3c.send(new aws.GetObjectLockConfigurationCommand({ Bucket: bucket }))).ObjectLockConfiguration,
    ).toEqual({ ObjectLockEnabled: 'Enabled' });
  });

  test.each([
    ['an operation', new aws.GetBucketAclCommand({ Bucket: bucket })],
    ['a copy', new aws.CopyObjectCommand({ Bucket: bucket, Key: 'a', CopySource: `${bucket}/b` })],
    ['an ACL', new aws.PutObjectCommand({ Bucket: bucket, Key: 'a', ACL: 'public-read' })],
    ['the first kind of lists', new aws.ListObjectsCommand({ Bucket: bucket })],
    ['a part of an object', new aws.GetObjectCommand({ Bucket: bucket, Key: 'a', PartNumber: 1 })],
    ['all buckets', new aws.ListBucketsCommand({})],
  ])('%s that is not here is 501', async (_, command) => {
    const { s3c } = await shell();
    expect(await codeOf(s3c.send(command as aws.GetBucketAclCommand))).toBe('501 NotImplemented');
  });
});

test('the bucket in the name of the host', async () => {
  const { client, port } = await shell();
  const here: LookupFunction = (_, { all }, found) =>
    all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);
  for (const endpoint of [`http://s3.${region}.amazonaws.com:${port}`, `http://localhost:${port}`]) {
    const requestHandler = { httpAgent: new Agent({ lookup: here }) };
    const virtual = client({ endpoint, forcePathStyle: false, requestHandler });
    await put(virtual, 'a/b');
    expect(await textOf(await get(virtual, 'a/b'))).toBe('hello');
  }
});

describe('faults', () => {
  test('a lost response: done, and the connection is cut', async () => {
    const { s3c, store } = await shell({ faults: [{ call: 'PutObject', nth: 1, effect: { kind: 'lost' } }] });
    expect(await codeOf(put(s3c, 'a', { IfNoneMatch: '*' }))).toMatch(/ECONNRESET|TimeoutError|socket hang up/);
    expect((await store.get('a'))?.bytes.toString()).toBe('hello');
  });

  test('the SDK’s own retry of a lost If-None-Match gets 412 on its own write', async () => {
    const { client } = await shell({ faults: [{ call: 'PutObject', nth: 1, effect: { kind: 'lost' } }] });
    expect(await codeOf(put(client({ maxAttempts: 2 }), 'a', { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
  });

  test('a restart over the same folder', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'firstboot-test-'));
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    const { s3c } = await shell({ folder });
    const bytes = randomBytes(20 << 20);
    const { ETag } = await put(s3c, 'bin/a', { Body: bytes });
    const { s3c: again } = await shell({ folder });
    const read = await get(again, 'bin/a');
    expect(read.ETag).toBe(ETag);
    expect(sha256((await read.Body?.transformToByteArray()) ?? '')).toBe(sha256(bytes));
  });

  test('an error, with its status', async () => {
    const { s3c } = await shell({ faults: [{ call: 'PutObject', effect: { kind: 'error', code: 'SlowDown' } }] });
    expect(await codeOf(put(s3c, 'a'))).toBe('503 SlowDown');
    expect(await codeOf(put(s3c, 'a', { Body: Buffer.alloc(4 << 20) }))).toBe('503 SlowDown');
  });
});
