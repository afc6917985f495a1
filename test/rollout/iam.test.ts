import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { neededRights } from '../../src/adapters/kube/rights.ts';
import { instanceArn } from '../../src/emit/secrets-url.ts';
import { bucketPolicy } from '../../src/rollout/iam/bucket.ts';
import { clusterRole } from '../../src/rollout/iam/cluster-role.ts';
import { deployer } from '../../src/rollout/iam/deployer.ts';
import { deployerBucket } from '../../src/rollout/iam/deployer-bucket.ts';
import { iamDocuments } from '../../src/rollout/iam/documents.ts';
import { keyPolicy } from '../../src/rollout/iam/key-policy.ts';
import type { Policy } from '../../src/rollout/iam/names.ts';
import { nodeRole } from '../../src/rollout/iam/node-role.ts';
import { planner } from '../../src/rollout/iam/planner.ts';
import type { Cluster } from '../../src/spec/resolve.ts';
import { exampleCluster } from '../support/cloud.ts';
import { makeCluster, root, run } from '../support/cluster.ts';
import { isAllowed } from '../support/iam-evaluator.ts';

const account = '123456789012';
const kmsKey = `arn:aws:kms:us-east-1:${account}:key/11111111-2222-3333-4444-555555555555`;
const clusters: Readonly<Record<string, Cluster>> = {
  'content-addressed': exampleCluster(),
  'instance-scoped': exampleCluster(spec => {
    Object.assign(spec.aws, { delivery: 'instance-scoped', kmsKey, prefix: 'team-a/', spot: true, eni: 'keep' });
    spec.aws.volume = { size: 20, kmsKey };
  }),
  china: exampleCluster(spec => {
    Object.assign(spec.aws, { region: 'cn-north-1', kmsKey: `arn:aws-cn:kms:cn-north-1:${account}:alias/workers` });
  }),
};
const subjects = Object.entries(clusters).map(([name, cluster]) => [name, { cluster, account }] as const);

describe.each(subjects)('%s', (name, subject) => {
  test('every document is as it was (vitest -u renews)', async () => {
    for (const { name: document, content } of iamDocuments(subject))
      await expect(`${JSON.stringify(content, null, 2)}\n`).toMatchFileSnapshot(`iam/${name}/${document}.json`);
  });

  test('none is larger than AWS takes: 6,144 characters of a managed policy, 20 KB of a bucket’s, 32 KB of a key’s', () => {
    const size = (one: Policy) => JSON.stringify(one).length;
    expect(size(deployer(subject))).toBeLessThan(6144 - 10 * 80);
    expect(size(deployerBucket(subject))).toBeLessThan(6144);
    expect(size(nodeRole(subject))).toBeLessThan(2048);
    expect(size(bucketPolicy(subject))).toBeLessThan(20 * 1024);
    expect(size(keyPolicy(subject))).toBeLessThan(32 * 1024);
  });

  test('statements have names of their own, of letters and digits', () => {
    for (const policy of [deployer, deployerBucket, nodeRole, bucketPolicy, keyPolicy]) {
      const ids = policy(subject).Statement.map(one => one.Sid);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter(id => !/^[A-Za-z0-9]+$/.test(id))).toEqual([]);
    }
  });

  test('a command is given for each, within 80 columns', () => {
    for (const { name: document, apply } of iamDocuments(subject)) {
      expect(apply.length, document).toBeGreaterThan(0);
      expect(apply.filter(line => line.length > 78)).toEqual([]);
    }
  });
});

/** Which right each call of the SDK needs (Service Authorization Reference); none: AWS lets everybody. */
const rights: Readonly<Record<string, readonly string[]>> = {
  GetParameter: ['ssm:GetParameter'],
  GetCallerIdentity: [],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  CompleteMultipartUpload: ['s3:PutObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  DeleteObjects: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  GetBucketEncryption: ['s3:GetEncryptionConfiguration'],
  GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
  GetBucketLocation: ['s3:GetBucketLocation'],
  GetBucketOwnershipControls: ['s3:GetBucketOwnershipControls'],
  GetBucketPolicy: ['s3:GetBucketPolicy'],
  GetBucketReplication: ['s3:GetReplicationConfiguration'],
  GetBucketVersioning: ['s3:GetBucketVersioning'],
  GetObject: ['s3:GetObject'],
  GetObjectLockConfiguration: ['s3:GetBucketObjectLockConfiguration'],
  GetPublicAccessBlock: ['s3:GetBucketPublicAccessBlock'],
  HeadObject: ['s3:GetObject'],
  ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
  ListObjectsV2: ['s3:ListBucket'],
  ListObjectVersions: ['s3:ListBucketVersions'],
  ListParts: ['s3:ListMultipartUploadParts'],
  PutObject: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
};
/** What AWS does in the caller’s name. */
const implied = [
  'iam:PassRole',
  'iam:CreateServiceLinkedRole',
  'kms:GenerateDataKey',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncrypt*',
  'kms:CreateGrant',
  'ec2:CreateTags',
];

test('the deployer may make exactly the calls that the adapters make', () => {
  const folder = path.join(root, 'src/adapters/aws');
  const texts = fs
    .readdirSync(folder)
    .filter(name => name !== 'sdk.ts')
    .map(name => fs.readFileSync(path.join(folder, name), 'utf8'));
  const called = new Set(texts.flatMap(text => [...text.matchAll(/new (\w+)Command\(/g)].map(match => match[1] ?? '')));
  expect(called.size).toBeGreaterThan(30);
  const needed = new Set([...called].flatMap(call => rights[call] ?? [`ec2:${call}`]));
  const subject = { cluster: clusters['instance-scoped'] as Cluster, account };
  const given = new Set([deployer, deployerBucket].flatMap(one => one(subject).Statement).flatMap(one => one.Action));
  expect([...needed].filter(right => !given.has(right))).toEqual([]);
  expect([...given].filter(right => !needed.has(right) && !implied.includes(right))).toEqual([]);
});

test('the ClusterRole has what a replacement is checked for, and nothing of the proxy', () => {
  const [{ rules } = {}] = clusterRole as readonly {
    rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  }[];
  const given = (rules ?? []).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${verb} ${group}/${resource}`))),
  );
  const needed = neededRights.map(
    ({ verb, group, resource, subresource }) =>
      `${verb} ${group}/${resource}${subresource === undefined ? '' : `/${subresource}`}`,
  );
  expect(needed.filter(right => !given.includes(right))).toEqual([]);
  expect(given.filter(right => !needed.includes(right))).toEqual([
    'create authorization.k8s.io/selfsubjectaccessreviews',
  ]);
});

describe('who can read what', () => {
  const role = `arn:aws:iam::${account}:role/firstboot-worker`;
  const mine = 'i-0aaaaaaaaaaaaaaaa';
  const other = 'i-0bbbbbbbbbbbbbbbb';
  const tls = { 'aws:SecureTransport': 'true' };

  function may(
    delivery: string,
    action: string,
    key: string | undefined,
    context: Record<string, string> = {},
  ): boolean {
    const subject = { cluster: clusters[delivery] as Cluster, account };
    const bucket = 'arn:aws:s3:::example-firstboot';
    const { prefix } = subject.cluster.aws;
    return isAllowed([nodeRole(subject)], [bucketPolicy(subject)], {
      action,
      resource: key === undefined ? bucket : `${bucket}/${prefix}${key}`,
      context: {
        ...tls,
        'aws:PrincipalArn': role,
        'ec2:SourceInstanceARN': instanceArn(subject.cluster, account, mine),
        ...context,
      },
    });
  }
  const scopedKey = (instance: string) =>
    `secrets/from-scratch/${instanceArn(clusters['instance-scoped'] as Cluster, account, instance)}/aa.tar`;

  test('a node reads its own archive, and binaries', () => {
    expect(may('content-addressed', 's3:GetObject', 'secrets/from-scratch/worker-0/aa.tar')).toBe(true);
    expect(may('instance-scoped', 's3:GetObject', scopedKey(mine))).toBe(true);
    for (const delivery of ['content-addressed', 'instance-scoped'])
      expect(may(delivery, 's3:GetObject', 'bin/aa/kubelet')).toBe(true);
  });

  test('instance-scoped: another instance’s archive is denied, also to a role that somebody widened', () => {
    expect(may('instance-scoped', 's3:GetObject', scopedKey(other))).toBe(false);
    const subject = { cluster: clusters['instance-scoped'] as Cluster, account };
    const wide: Policy = {
      Version: '2012-10-17',
      Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] }],
    };
    const request = (key: string) => ({
      action: 's3:GetObject',
      resource: `arn:aws:s3:::example-firstboot/team-a/${key}`,
      context: {
        ...tls,
        'aws:PrincipalArn': role,
        'ec2:SourceInstanceARN': instanceArn(subject.cluster, account, mine),
      },
    });
    expect(isAllowed([wide], [bucketPolicy(subject)], request(scopedKey(other)))).toBe(false);
    expect(isAllowed([wide], [bucketPolicy(subject)], request(scopedKey(mine)))).toBe(true);
  });

  test('instance-scoped: without the instance’s ARN in the request nothing is read', () => {
    const subject = { cluster: clusters['instance-scoped'] as Cluster, account };
    const resource = `arn:aws:s3:::example-firstboot/team-a/${scopedKey(mine)}`;
    const context = { ...tls, 'aws:PrincipalArn': role };
    expect(isAllowed([nodeRole(subject)], [], { action: 's3:GetObject', resource, context })).toBe(false);
  });

  test('a node does not list, write, delete, or read versions, state or another cluster’s secrets', () => {
    for (const delivery of ['content-addressed', 'instance-scoped']) {
      for (const action of ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketPolicy'])
        expect(may(delivery, action, undefined), action).toBe(false);
      for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:GetObjectVersion'])
        expect(may(delivery, action, 'secrets/from-scratch/worker-0/aa.tar'), action).toBe(false);
      expect(may(delivery, 's3:GetObject', 'state/from-scratch/user-data/aa')).toBe(false);
      expect(may(delivery, 's3:GetObject', 'secrets/another/worker-0/aa.tar')).toBe(false);
      expect(may(delivery, 'ec2:DescribeInstances', undefined)).toBe(false);
    }
  });

  test('without TLS nobody reads; another role reads no archive however wide its own policy is', () => {
    expect(
      may('content-addressed', 's3:GetObject', 'secrets/from-scratch/worker-0/aa.tar', {
        'aws:SecureTransport': 'false',
      }),
    ).toBe(false);
    const subject = { cluster: clusters['content-addressed'] as Cluster, account };
    const wide: Policy = {
      Version: '2012-10-17',
      Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: ['*'] }],
    };
    const read = (principal: string) =>
      isAllowed([wide], [bucketPolicy(subject)], {
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::example-firstboot/secrets/from-scratch/worker-0/aa.tar',
        context: { ...tls, 'aws:PrincipalArn': principal },
      });
    expect(read(`arn:aws:iam::${account}:role/Admin`)).toBe(false);
    expect(read(`arn:aws:iam::${account}:role/firstboot-deployer`)).toBe(true);
  });

  test('a put with another encryption or, of an archive, another key is denied; one that says nothing has the default', () => {
    const put = (delivery: string, key: string, context: Record<string, string>) => {
      const subject = { cluster: clusters[delivery] as Cluster, account };
      const resource = `arn:aws:s3:::example-firstboot/${subject.cluster.aws.prefix}${key}`;
      const principal = { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/firstboot-deployer` };
      const request = { action: 's3:PutObject', resource, context: { ...tls, ...principal, ...context } };
      return isAllowed([deployerBucket(subject)], [bucketPolicy(subject)], request);
    };
    const sse = 's3:x-amz-server-side-encryption';
    const archive = 'secrets/from-scratch/worker-0/aa.tar';
    expect(put('content-addressed', archive, {})).toBe(true);
    expect(put('content-addressed', archive, { [sse]: 'AES256' })).toBe(false);
    expect(put('instance-scoped', archive, {})).toBe(false);
    expect(put('instance-scoped', archive, { [sse]: 'aws:kms', [`${sse}-aws-kms-key-id`]: kmsKey })).toBe(true);
    expect(put('instance-scoped', archive, { [sse]: 'aws:kms', [`${sse}-aws-kms-key-id`]: `${kmsKey}0` })).toBe(false);
    expect(put('instance-scoped', 'state/from-scratch/lock.json', {})).toBe(true);
    expect(put('instance-scoped', 'elsewhere', {})).toBe(false);
  });

  test('the planner only reads, and no archive', () => {
    const subject = { cluster: clusters['content-addressed'] as Cluster, account };
    const actions = planner(subject).Statement.flatMap(one => one.Action);
    expect(actions.filter(one => !/^(ec2:Describe|s3:(Get|List)|ssm:Get|kms:Decrypt)/.test(one))).toEqual([]);
    const reads = (key: string) =>
      isAllowed([planner(subject)], [], {
        action: 's3:GetObject',
        resource: `arn:aws:s3:::example-firstboot/${key}`,
        context: tls,
      });
    expect(reads('state/from-scratch/workers/worker-0.json')).toBe(true);
    expect(reads('secrets/from-scratch/worker-0/aa.tar')).toBe(false);
  });

  test('a key of the bucket’s own lets the planner read the journal, and nothing else', () => {
    const subject = { cluster: clusters['instance-scoped'] as Cluster, account };
    // What the key’s policy leaves to the account; the node role and the deployer are its own principals.
    const delegated = keyPolicy(subject).Statement.filter(one => JSON.stringify(one.Principal).includes(':root'));
    const decrypts = (role: string, key: string) =>
      isAllowed([{ Version: '2012-10-17', Statement: delegated }], [], {
        action: 'kms:Decrypt',
        resource: kmsKey,
        context: {
          'kms:ViaService': 's3.us-east-1.amazonaws.com',
          'kms:EncryptionContext:aws:s3:arn': `arn:aws:s3:::example-firstboot/team-a/${key}`,
          'aws:PrincipalArn': `arn:aws:iam::${account}:role/${role}`,
        },
      });
    expect(decrypts('firstboot-planner', 'state/from-scratch/lock.json')).toBe(true);
    expect(decrypts('firstboot-planner', 'secrets/from-scratch/worker-0/aa.tar')).toBe(false);
    expect(decrypts('Admin', 'state/from-scratch/lock.json')).toBe(false);
  });

  test('a volume key that is named by an alias is allowed by its alias, on every key of its account', () => {
    const alias = `arn:aws:kms:us-east-1:${account}:alias/volumes`;
    const cluster = exampleCluster(spec => {
      spec.aws.volume = { size: 20, kmsKey: alias };
    });
    const may = (context: Record<string, string>) =>
      isAllowed([deployer({ cluster, account })], [], {
        action: 'kms:GenerateDataKeyWithoutPlaintext',
        resource: kmsKey,
        context: { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com', ...context },
      });
    expect(may({ 'kms:ResourceAliases': 'alias/volumes' })).toBe(true);
    expect(may({ 'kms:ResourceAliases': 'alias/other' })).toBe(false);
  });

  test('the deployer ends and launches what bears the cluster’s tag, and nothing else', () => {
    const subject = { cluster: clusters['content-addressed'] as Cluster, account };
    const ec2 = (action: string, resource: string, context: Record<string, string>) =>
      isAllowed([deployer(subject)], [], { action, resource: `arn:aws:ec2:us-east-1:${account}:${resource}`, context });
    const tagged = (cluster: string) => ({ 'aws:ResourceTag/firstboot:cluster': cluster });
    expect(ec2('ec2:TerminateInstances', 'instance/i-1', tagged('from-scratch'))).toBe(true);
    expect(ec2('ec2:TerminateInstances', 'instance/i-1', tagged('another'))).toBe(false);
    expect(ec2('ec2:TerminateInstances', 'instance/i-1', {})).toBe(false);
    const launch = {
      'aws:RequestTag/firstboot:cluster': 'from-scratch',
      'ec2:MetadataHttpTokens': 'required',
      'ec2:MetadataHttpPutResponseHopLimit': '1',
      'ec2:InstanceProfile': `arn:aws:iam::${account}:instance-profile/firstboot-worker`,
    };
    expect(ec2('ec2:RunInstances', 'instance/*', launch)).toBe(true);
    for (const [key, value] of [
      ['aws:RequestTag/firstboot:cluster', 'another'],
      ['ec2:MetadataHttpTokens', 'optional'],
      ['ec2:MetadataHttpPutResponseHopLimit', '2'],
      ['ec2:InstanceProfile', `arn:aws:iam::${account}:instance-profile/admin`],
    ] as const)
      expect(ec2('ec2:RunInstances', 'instance/*', { ...launch, [key]: value }), key).toBe(false);
    expect(ec2('ec2:RunInstances', 'subnet/subnet-0123456789abcdef0', {})).toBe(true);
    expect(ec2('ec2:RunInstances', 'subnet/subnet-0fffffffffffffff0', {})).toBe(false);
    expect(ec2('ec2:RunInstances', 'key-pair/any', {})).toBe(false);
    const tags = { 'aws:RequestTag/firstboot:cluster': 'from-scratch' };
    expect(ec2('ec2:CreateTags', 'instance/i-1', { ...tags, 'ec2:CreateAction': 'RunInstances' })).toBe(true);
    expect(ec2('ec2:CreateTags', 'instance/i-1', tags)).toBe(false);
  });
});

describe('firstboot iam', () => {
  test('prints all with how to apply each, or one alone as it is', async () => {
    const cluster = await makeCluster();
    const all = await run(cluster, 'iam', '--account', account);
    expect([all.code, all.err]).toEqual([0, '']);
    expect(all.out).toContain('# aws s3api put-bucket-policy --bucket example-firstboot \\');
    expect(all.out).toContain('kind: ClusterRole');
    const one = await run(cluster, 'iam', 'node-role', '--account', account);
    expect(JSON.parse(one.out)).toEqual(nodeRole({ cluster: clusters['content-addressed'] as Cluster, account }));
    const json = await run(cluster, 'iam', '--json', '--account', account);
    expect(json.json.documents.map((document: { name: string }) => document.name)).toContain('bucket-policy');
  });

  test('says that the account is a placeholder, where it stands in what is printed', async () => {
    const cluster = await makeCluster();
    expect((await run(cluster, 'iam', 'deployer')).err).toContain('ACCOUNT_ID stands for your account');
    expect((await run(cluster, 'iam', 'lifecycle')).err).toBe('');
  });

  test('needs neither PKI nor pins', async () => {
    const cluster = await makeCluster();
    cluster.remove('pki');
    cluster.remove('pins.yaml');
    expect((await run(cluster, 'iam', 'deployer', '--account', account)).code).toBe(0);
  });

  test.each([
    [['iam', 'bucket-polcy'], /no policy bucket-polcy.\n {2}hint: did you mean bucket-policy\?/],
    [['iam', '--account', '12'], /--account is no account ID/],
  ])('wrong usage exits with 2: %j', async (argv, message) => {
    const { code, out, err } = await run(await makeCluster(), ...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});
