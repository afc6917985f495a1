import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { createS3Store } from '../../src/adapters/aws/s3.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { ObjectStoreWorld } from './object-store.ts';

export type StoreServer = {
  readonly region: string;
  readonly config: S3ClientConfig;
  /** Whose buckets they are. */
  readonly accountId: string;
  /** The server’s clock, where it is not this machine’s. */
  readonly now?: () => number;
  /** What the server cannot be told of a bucket, so that the world is made all the same. */
  readonly refuses?: readonly (keyof typeof configure)[];
};

const configure = {
  publicAccessBlock: (Bucket: string) =>
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
    }),
  ownership: (Bucket: string) =>
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    }),
  encryption: (Bucket: string) =>
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
      },
    }),
  policy: (Bucket: string) => new PutBucketPolicyCommand({ Bucket, Policy: tlsOnly(Bucket) }),
  lifecycle: (Bucket: string) =>
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: 'secrets',
            Status: 'Enabled',
            Filter: { Prefix: 'secrets/' },
            Expiration: { Days: 1 },
            NoncurrentVersionExpiration: { NoncurrentDays: 1 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    }),
};

function tlsOnly(bucket: string): string {
  const arn = `arn:aws:s3:::${bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'tls',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
}

/** Two fresh buckets on a server that speaks S3, seen through the adapter. */
export async function openStoreWorld({
  region,
  config,
  accountId,
  now = Date.now,
  refuses = [],
}: StoreServer): Promise<ObjectStoreWorld & { readonly close: () => Promise<void> }> {
  const client = new S3Client({ region, forcePathStyle: true, ...config });
  const counts: Record<string, number> = {};
  client.middlewareStack.add(
    (next, context) => async input => {
      const name = (context.commandName ?? '').replace(/Command$/, '');
      counts[name] = (counts[name] ?? 0) + 1;
      return next(input);
    },
    { step: 'initialize' },
  );
  const suffix = randomUUID().slice(0, 8);
  const [versioned, plain] = [`contract-versioned-${suffix}`, `contract-plain-${suffix}`];
  for (const Bucket of [versioned, plain]) await client.send(new CreateBucketCommand({ Bucket, ...placed(region) }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  for (const [part, command] of Object.entries(configure))
    if (!refuses.includes(part as keyof typeof configure)) await client.send(command(versioned) as never);

  const store = (bucket: string, owner = accountId) => createS3Store(client, { bucket, accountId: owner });
  let prefixes = 0;
  return {
    store: store(versioned),
    plain: store(plain),
    foreign: store(versioned, '999999999999'),
    nowhere: store(`contract-nowhere-${suffix}`),
    region,
    prefix: () => `contract/${prefixes++}/`,
    now,
    mark: async Key => void (await client.send(new DeleteObjectCommand({ Bucket: versioned, Key }))),
    calls: name => counts[name] ?? 0,
    close: async () => {
      for (const bucket of [versioned, plain]) await removeBucket(client, store(bucket));
      client.destroy();
    },
  };
}

/** The first region of all must not be named. */
function placed(region: string) {
  if (region === 'us-east-1') return {};
  return { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
}

async function removeBucket(client: S3Client, store: ObjectStore): Promise<void> {
  const Bucket = store.bucket;
  await store.remove(await store.versions(''));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads)
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  await client.send(new DeleteBucketCommand({ Bucket }));
}
