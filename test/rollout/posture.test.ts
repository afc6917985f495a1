import { describe, expect, test } from 'vitest';
import { operations } from '../../src/diagnostics/operations.ts';
import type { BucketPosture } from '../../src/ports/object-store.ts';
import { bucketPolicy, lifecycle } from '../../src/rollout/iam/bucket.ts';
import { judgePosture } from '../../src/rollout/posture.ts';
import { exampleCluster, safePosture, testCloud } from '../support/cloud.ts';

const cluster = exampleCluster();
const kmsKey = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const keyed = exampleCluster(spec => {
  spec.aws.kmsKey = kmsKey;
});
const safe = async () => testCloud().store().posture();

/** “error STAGE_BUCKET_TLS” and so on, of a safe bucket with something else about it. */
async function judged(change: Partial<BucketPosture>, of = cluster): Promise<readonly string[]> {
  return judgePosture({ ...(await safe()), ...change }, of).map(one => `${one.severity} ${one.code}`);
}

async function messageOf(change: Partial<BucketPosture>, of = cluster): Promise<string> {
  return judgePosture({ ...(await safe()), ...change }, of)
    .map(one => `${one.message}\n${one.hint}`)
    .join('\n');
}

test('nothing is said against a safe bucket, nor against one with the documents of `firstboot iam`', async () => {
  expect(await judged({})).toEqual([]);
  for (const one of [cluster, keyed]) {
    const policy = JSON.stringify(bucketPolicy({ cluster: one, account: '123456789012' }));
    expect(await judged({ policy })).toEqual([]);
  }
});

test('the lifecycle of `firstboot iam` is the one that is wanted', async () => {
  const { Rules: [rule] = [] } = lifecycle({ cluster, account: '123456789012' }) as { Rules?: any[] };
  expect(rule).toMatchObject({ Status: 'Enabled', Filter: { Prefix: 'secrets/' } });
  const [of] = safePosture(cluster).lifecycle ?? [];
  expect([rule.Expiration.Days, rule.NoncurrentVersionExpiration.NoncurrentDays]).toEqual([
    of?.days,
    of?.noncurrentDays,
  ]);
  expect(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation).toBe(of?.abortUploadDays);
});

describe('public access', () => {
  test.each<[string, BucketPosture['publicAccessBlock'], RegExp]>([
    ['missing', undefined, /is missing/],
    ['one switch off', [true, true, false, true], /BlockPublicPolicy off/],
    [
      'all off',
      [false, false, false, false],
      /BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets off/,
    ],
  ])('%s', async (_, publicAccessBlock, message) => {
    expect(await judged({ publicAccessBlock })).toEqual(['error STAGE_BUCKET_PUBLIC']);
    expect(await messageOf({ publicAccessBlock })).toMatch(message);
    expect(await messageOf({ publicAccessBlock })).toContain('aws s3api put-public-access-block');
  });

  const tls = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const allow = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' };
  const policyOf = (...statements: object[]) => JSON.stringify({ Statement: [tls, ...statements] });
  test.each<[string, object, boolean]>([
    ['everybody', allow, true],
    ['everybody by AWS', { ...allow, Principal: { AWS: '*' } }, true],
    ['everybody among others', { ...allow, Principal: { AWS: ['arn:aws:iam::1:root', '*'] } }, true],
    ['all but one', { ...allow, Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::1:root' } }, true],
    ['a condition that narrows nothing', { ...allow, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, true],
    ['a range of everything', { ...allow, Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } }, true],
    ['all but an organisation', { ...allow, Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } }, true],
    ['an organisation', { ...allow, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }, false],
    ['one role', { ...allow, Principal: { AWS: 'arn:aws:iam::123456789012:role/r' } }, false],
    ['an endpoint', { ...allow, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }, false],
  ])('a policy that allows %s', async (_, statement, isPublic) => {
    expect(await judged({ policy: policyOf(statement) })).toEqual(isPublic ? ['error STAGE_BUCKET_PUBLIC'] : []);
  });

  test('the statement is named', async () => {
    expect(await messageOf({ policy: policyOf({ ...allow, Sid: 'OpenDoor' }) })).toContain('(OpenDoor)');
    expect(await messageOf({ policy: policyOf(allow) })).toContain('(statement 2)');
  });
});

describe('TLS only', () => {
  const bucket = 'arn:aws:s3:::example-firstboot';
  const deny = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [bucket, `${bucket}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const policyOf = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  test.each<[string, string]>([
    ['as it is usual', policyOf(deny)],
    ['one statement without a list', JSON.stringify({ Statement: deny })],
    ['a boolean', policyOf({ ...deny, Condition: { Bool: { 'aws:SecureTransport': false } } })],
    ['a list, other letters', policyOf({ ...deny, Condition: { bool: { 'AWS:securetransport': ['False'] } } })],
    ['BoolIfExists', policyOf({ ...deny, Condition: { BoolIfExists: { 'aws:SecureTransport': 'false' } } })],
    ['everything everywhere', policyOf({ ...deny, Principal: { AWS: '*' }, Action: '*', Resource: '*' })],
    ['bucket and objects apart', policyOf({ ...deny, Resource: bucket }, { ...deny, Resource: `${bucket}/*` })],
    ['one pattern for both', policyOf({ ...deny, Resource: `${bucket}*` })],
  ])('is seen: %s', async (_, policy) => {
    expect(await judged({ policy })).toEqual([]);
  });

  test.each<[string, string | undefined, string]>([
    ['no policy', undefined, 'has no policy'],
    ['no JSON', '{"Statement": [', 's3:GetObject on objects'],
    ['no statements', '{"Statement": []}', 's3:GetObject on objects'],
    ['the bucket alone', policyOf({ ...deny, Resource: bucket }), 's3:GetObject on objects'],
    ['the objects alone', policyOf({ ...deny, Resource: `${bucket}/*` }), 's3:ListBucket on the bucket'],
    [
      'another bucket',
      policyOf({ ...deny, Resource: ['arn:aws:s3:::x', 'arn:aws:s3:::x/*'] }),
      's3:GetObject on objects',
    ],
    ['reading alone', policyOf({ ...deny, Action: ['s3:Get*', 's3:List*'] }), 's3:PutObject on objects'],
    ['an allowance', policyOf({ ...deny, Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::1:root' } }), 's3:GetObject'],
    ['some only', policyOf({ ...deny, Principal: { AWS: 'arn:aws:iam::1:root' } }), 's3:GetObject on objects'],
    [
      'the other way round',
      policyOf({ ...deny, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
      's3:GetObject',
    ],
    [
      'a second key',
      policyOf({ ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false', 'aws:x': '1' } } }),
      's3:Get',
    ],
    [
      'a second condition',
      policyOf({ ...deny, Condition: { ...deny.Condition, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
      's3:GetObject',
    ],
    [
      'no condition',
      policyOf({ ...deny, Condition: undefined, Principal: { AWS: 'arn:aws:iam::1:role/r' } }),
      's3:Get',
    ],
  ])('is missed: %s', async (_, policy, message) => {
    expect(await judged({ policy })).toEqual(['error STAGE_BUCKET_TLS']);
    expect(await messageOf({ policy })).toContain(message);
    expect(await messageOf({ policy })).toContain('aws s3api put-bucket-policy');
  });
});

test.each<[string, Partial<BucketPosture>, readonly string[]]>([
  ['another region', { region: 'eu-west-1' }, ['error STAGE_BUCKET_REGION']],
  [
    'SSE-S3',
    { encryption: { algorithm: 'AES256', kmsKey: undefined, bucketKey: false } },
    ['error STAGE_BUCKET_ENCRYPTION'],
  ],
  ['no encryption known', { encryption: undefined }, ['error STAGE_BUCKET_ENCRYPTION']],
  ['DSSE', { encryption: { algorithm: 'aws:kms:dsse', kmsKey, bucketKey: false } }, []],
  ['ACLs', { ownership: 'BucketOwnerPreferred' }, ['error STAGE_BUCKET_OWNERSHIP']],
  ['no ownership controls', { ownership: undefined }, ['error STAGE_BUCKET_OWNERSHIP']],
  ['replication', { replication: true }, ['error STAGE_BUCKET_COPIES']],
  ['Object Lock', { objectLock: true }, ['error STAGE_BUCKET_COPIES']],
])('%s', async (_, change, expected) => {
  expect(await judged(change)).toEqual(expected);
});

test('with a key in the spec archives are encrypted by it, whatever the bucket does: a warning for the rest', async () => {
  const aes = { algorithm: 'AES256', kmsKey: undefined, bucketKey: false };
  expect(await judged({ encryption: aes }, keyed)).toEqual(['warning STAGE_BUCKET_ENCRYPTION']);
  const same = { algorithm: 'aws:kms', kmsKey, bucketKey: false };
  expect(await judged({ encryption: same }, keyed)).toEqual([]);
  expect(await judged({ encryption: { ...same, kmsKey: kmsKey.slice(-36) } }, keyed)).toEqual([]);
  expect(await judged({ encryption: { ...same, kmsKey: undefined } }, keyed)).toEqual([
    'warning STAGE_BUCKET_ENCRYPTION',
  ]);
});

describe('lifecycle', () => {
  const rule = { enabled: true, prefix: 'secrets/', days: 1, noncurrentDays: 1, abortUploadDays: 1 };
  test.each<[string, Partial<BucketPosture>, readonly string[], string]>([
    ['no rule', { lifecycle: [] }, ['warning'], 'archives, old versions, broken uploads'],
    ['a rule that is off', { lifecycle: [{ ...rule, enabled: false }] }, ['warning'], 'archives'],
    ['a week', { lifecycle: [{ ...rule, days: 7 }] }, ['warning'], 'ends archives below'],
    ['versions without an end', { lifecycle: [{ ...rule, noncurrentDays: undefined }] }, ['warning'], 'old versions'],
    ['another prefix', { lifecycle: [{ ...rule, prefix: 'secrets/other/' }] }, ['warning'], 'archives'],
    ['the whole bucket', { lifecycle: [{ ...rule, prefix: '' }] }, ['error', 'warning'], 'the journal and the lock'],
    ['state/ too', { lifecycle: [rule, { ...rule, prefix: 'state/from-scratch/' }] }, ['error'], 'the journal'],
    ['bin/ too', { lifecycle: [rule, { ...rule, prefix: 'bin/', days: 90 }] }, ['warning'], 'after 90 days'],
  ])('%s', async (_, change, severities, message) => {
    expect(await judged(change)).toEqual(severities.map(one => `${one} STAGE_BUCKET_LIFECYCLE`));
    expect(await messageOf(change)).toContain(message);
  });

  test.each<[string, Partial<BucketPosture>]>([
    [
      'a bucket without versions needs no end for them',
      { versioning: 'Off', lifecycle: [{ ...rule, noncurrentDays: undefined }] },
    ],
    [
      'several rules together',
      {
        lifecycle: [
          { ...rule, noncurrentDays: undefined },
          { ...rule, days: undefined, prefix: '' },
        ],
      },
    ],
    ['old versions of the journal may end', { lifecycle: [rule, { ...rule, prefix: 'state/', days: undefined }] }],
  ])('%s', async (_, change) => {
    expect(await judged(change)).toEqual([]);
  });

  test('a prefix of the bucket counts', async () => {
    const prefixed = exampleCluster(spec => {
      spec.aws.prefix = 'team-a/';
    });
    expect(await judged({}, prefixed)).toEqual(['warning STAGE_BUCKET_LIFECYCLE']);
    expect(await judged({ lifecycle: [{ ...rule, prefix: 'team-a/secrets/' }] }, prefixed)).toEqual([]);
    expect(await judged({ lifecycle: [{ ...rule, prefix: 'team-a/' }] }, prefixed)).toEqual([
      'error STAGE_BUCKET_LIFECYCLE',
      'warning STAGE_BUCKET_LIFECYCLE',
    ]);
  });
});

describe('what could not be asked', () => {
  test('is said and not guessed; where it decides over private keys it refuses', async () => {
    const unknown = { GetBucketPolicy: 'AccessDenied' };
    expect(await judged({ policy: undefined, unknown })).toEqual(['error STAGE_BUCKET_UNKNOWN']);
    expect(await messageOf({ policy: undefined, unknown })).toContain('GetBucketPolicy (AccessDenied)');
  });

  test('is a warning elsewhere', async () => {
    const unknown = { GetBucketReplication: 'NotImplemented', GetBucketOwnershipControls: 'NotImplemented' };
    expect(await judged({ ownership: undefined, unknown })).toEqual(['warning STAGE_BUCKET_UNKNOWN']);
  });

  test('a bucket that denies everything is another account’s, or there is no right to it', async () => {
    const calls = [
      'GetBucketLocation',
      'GetPublicAccessBlock',
      'GetBucketPolicy',
      'GetBucketEncryption',
      'GetBucketVersioning',
      'GetBucketOwnershipControls',
      'GetBucketReplication',
      'GetObjectLockConfiguration',
      'GetBucketLifecycleConfiguration',
    ];
    const posture: BucketPosture = {
      region: undefined,
      publicAccessBlock: undefined,
      policy: undefined,
      encryption: undefined,
      versioning: 'Off',
      ownership: undefined,
      replication: false,
      objectLock: false,
      lifecycle: [],
      unknown: Object.fromEntries(calls.map(call => [call, 'AccessDenied'])),
    };
    expect(judgePosture(posture, cluster).map(one => one.code)).toEqual(['STAGE_BUCKET_OWNER']);
  });
});

test('errors come before warnings, and every code explains itself', async () => {
  const findings = judgePosture({ ...(await safe()), lifecycle: [], ownership: undefined, policy: undefined }, cluster);
  expect(findings.map(one => one.severity)).toEqual(['error', 'error', 'warning']);
  for (const [code, { title, explain }] of Object.entries(operations).filter(([one]) => one.startsWith('STAGE_'))) {
    expect(title, code).not.toMatch(/\.$/);
    expect(explain, code).toMatch(/[.:)]$/);
  }
});
