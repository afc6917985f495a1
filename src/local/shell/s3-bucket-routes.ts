import { refusal } from '../cloud/s3-errors.ts';
import type { S3Operations } from '../cloud/s3-operations.ts';
import type { Posture } from '../cloud/s3-types.ts';
import type { Reply } from '../http.ts';
import { lifecycleXml, readLifecycle } from './s3-lifecycle-xml.ts';
import { xmlReply } from './s3-object-routes.ts';
import { documentOf, type Route, type S3Request, smallBody } from './s3-request.ts';
import { s3Xml, textOf, type XmlElement } from './s3-xml.ts';

/** Operations that set configurations. */
type Setting = {
  [Name in keyof S3Operations]: S3Operations[Name] extends (target: never, parts: Partial<Posture>) => Promise<void>
    ? Name
    : never;
}[keyof S3Operations];

export const bucketRoutes: Readonly<Record<string, Route>> = {
  CreateBucket: createBucket,
  DeleteBucket: async ({ operations, target }) => {
    await operations.deleteBucket(target);
    return { status: 204 };
  },
  HeadBucket: async ({ operations, target, region }) => {
    await operations.headBucket(target);
    return { status: 200, headers: { 'x-amz-bucket-region': region, 'content-type': 'application/xml' } };
  },
  GetBucketLocation: async ({ operations, target }) => {
    const region = await operations.getBucketLocation(target);
    return xmlReply(s3Xml('LocationConstraint', region === 'us-east-1' ? '' : region));
  },
  GetBucketVersioning: async ({ operations, target }) => {
    const status = await operations.getBucketVersioning(target);
    return xmlReply(s3Xml('VersioningConfiguration', status === 'Off' ? {} : { Status: status }));
  },
  PutBucketVersioning: setting('putBucketVersioning', 'VersioningConfiguration', (document, request) => ({
    versioning: oneOf(request, textOf(document, 'Status'), ['Enabled', 'Suspended']),
  })),
  GetPublicAccessBlock: async ({ operations, target }) => {
    const [acls, ignoreAcls, policy, restrict] = await operations.getPublicAccessBlock(target);
    const switches = {
      BlockPublicAcls: acls,
      IgnorePublicAcls: ignoreAcls,
      BlockPublicPolicy: policy,
      RestrictPublicBuckets: restrict,
    };
    return xmlReply(s3Xml('PublicAccessBlockConfiguration', switches));
  },
  PutPublicAccessBlock: setting('putPublicAccessBlock', 'PublicAccessBlockConfiguration', document => {
    const isOn = (name: string) => textOf(document, name)?.toLowerCase() === 'true';
    return {
      publicAccessBlock: [
        isOn('BlockPublicAcls'),
        isOn('IgnorePublicAcls'),
        isOn('BlockPublicPolicy'),
        isOn('RestrictPublicBuckets'),
      ],
    };
  }),
  DeletePublicAccessBlock: removing('deletePublicAccessBlock', { publicAccessBlock: undefined }),
  GetBucketPolicy: async ({ operations, target }) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: await operations.getBucketPolicy(target),
  }),
  PutBucketPolicy: putPolicy,
  DeleteBucketPolicy: removing('deleteBucketPolicy', { policy: undefined }),
  GetBucketEncryption: async ({ operations, target }) => {
    const { algorithm, kmsKey, bucketKey } = await operations.getBucketEncryption(target);
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKey },
      BucketKeyEnabled: bucketKey,
    };
    return xmlReply(s3Xml('ServerSideEncryptionConfiguration', { Rule: rule }));
  },
  PutBucketEncryption: setting('putBucketEncryption', 'ServerSideEncryptionConfiguration', (document, request) => {
    const preset = ['Rule', 'ApplyServerSideEncryptionByDefault'];
    return {
      encryption: {
        algorithm: oneOf(request, textOf(document, ...preset, 'SSEAlgorithm'), ['aws:kms', 'AES256']),
        kmsKey: textOf(document, ...preset, 'KMSMasterKeyID'),
        bucketKey: textOf(document, 'Rule', 'BucketKeyEnabled') === 'true',
      },
    };
  }),
  // “… resets the default encryption for the bucket as server-side encryption with Amazon S3 managed keys”.
  DeleteBucketEncryption: removing('deleteBucketEncryption', {
    encryption: { algorithm: 'AES256', kmsKey: undefined, bucketKey: false },
  }),
  GetBucketOwnershipControls: async ({ operations, target }) => {
    const ownership = await operations.getBucketOwnershipControls(target);
    return xmlReply(s3Xml('OwnershipControls', { Rule: { ObjectOwnership: ownership } }));
  },
  PutBucketOwnershipControls: setting('putBucketOwnershipControls', 'OwnershipControls', (document, request) => ({
    ownership: oneOf(request, textOf(document, 'Rule', 'ObjectOwnership'), [
      'BucketOwnerEnforced',
      'BucketOwnerPreferred',
      'ObjectWriter',
    ]),
  })),
  DeleteBucketOwnershipControls: removing('deleteBucketOwnershipControls', { ownership: undefined }),
  GetBucketReplication: async ({ operations, target }) => {
    await operations.getBucketReplication(target);
    const rule = { ID: 'replication', Status: 'Enabled', Destination: { Bucket: 'arn:aws:s3:::replica' } };
    return xmlReply(
      s3Xml('ReplicationConfiguration', { Role: 'arn:aws:iam::123456789012:role/replication', Rule: rule }),
    );
  },
  GetObjectLockConfiguration: async ({ operations, target }) => {
    await operations.getObjectLockConfiguration(target);
    return xmlReply(s3Xml('ObjectLockConfiguration', { ObjectLockEnabled: 'Enabled' }));
  },
  GetBucketLifecycleConfiguration: async ({ operations, target }) =>
    xmlReply(lifecycleXml(await operations.getBucketLifecycleConfiguration(target))),
  PutBucketLifecycleConfiguration: setting(
    'putBucketLifecycleConfiguration',
    'LifecycleConfiguration',
    (document, request) => ({ lifecycle: readLifecycle(document, request) }),
  ),
  DeleteBucketLifecycle: removing('deleteBucketLifecycle', { lifecycle: [] }),
};

async function createBucket(request: S3Request): Promise<Reply> {
  const { operations, target, ask } = request;
  const hasBody = Number(ask.headers['content-length'] ?? 0) > 0;
  const document = hasBody ? await documentOf(request, 'CreateBucketConfiguration') : undefined;
  await operations.createBucket(target, textOf(document, 'LocationConstraint') || undefined);
  return { status: 200, headers: { location: `/${target.bucket}` } };
}

async function putPolicy(request: S3Request): Promise<Reply> {
  const policy = (await smallBody(request)).toString('utf8');
  try {
    const parsed: unknown = JSON.parse(policy);
    if (typeof parsed !== 'object' || parsed === null || !('Statement' in parsed)) throw new Error('no statement');
  } catch {
    throw refusal(request, 'MalformedPolicy');
  }
  await request.operations.putBucketPolicy(request.target, { policy });
  return { status: 204 };
}

function setting(
  operation: Setting,
  root: string,
  read: (document: XmlElement, request: S3Request) => Partial<Posture>,
): Route {
  return async request => {
    await request.operations[operation](request.target, read(await documentOf(request, root), request));
    return { status: 200 };
  };
}

function removing(operation: Setting, parts: Partial<Posture>): Route {
  return async request => {
    await request.operations[operation](request.target, parts);
    return { status: 204 };
  };
}

function oneOf<T extends string>(request: S3Request, text: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find(one => one === text);
  if (found === undefined) throw refusal(request, 'MalformedXML');
  return found;
}
