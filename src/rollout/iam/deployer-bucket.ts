import { bucketKey, type IamSubject, namesOf, type Policy, policy, type Statement } from './names.ts';

/**
 * What who runs firstboot may do with the bucket: its three prefixes, its configuration (to be read, not changed), its key. A
 * policy of its own, since a managed one has 6,144 characters at most.
 */
export function deployerBucket(subject: IamSubject): Policy {
  const { bucket, secrets, state, binaries } = namesOf(subject);
  return policy([
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [secrets, state, binaries],
    },
    {
      Sid: 'Uploads',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      Resource: [binaries],
    },
    {
      Sid: 'Versions',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: [secrets, state],
    },
    ...listing(subject),
    {
      Sid: 'Posture',
      Effect: 'Allow',
      Action: [
        's3:ListBucketMultipartUploads',
        's3:GetBucketLocation',
        's3:GetBucketPublicAccessBlock',
        's3:GetBucketPolicy',
        's3:GetEncryptionConfiguration',
        's3:GetBucketVersioning',
        's3:GetBucketOwnershipControls',
        's3:GetReplicationConfiguration',
        's3:GetBucketObjectLockConfiguration',
        's3:GetLifecycleConfiguration',
      ],
      Resource: [bucket],
    },
    {
      Sid: 'BucketKey',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      ...bucketKey(subject, [secrets, state, binaries]),
    },
  ]);
}

/**
 * S3 tells what is absent (404) from what is forbidden (403) only to who may list, and a condition on s3:prefix may not hold
 * when an object is asked for: so ListBucket has none.
 */
export function listing(subject: IamSubject): readonly Statement[] {
  const { bucket, secrets, state } = namesOf(subject);
  const prefixes = [secrets, state].map(one => one.slice(`${bucket}/`.length));
  return [
    { Sid: 'List', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [bucket] },
    {
      Sid: 'ListVersions',
      Effect: 'Allow',
      Action: ['s3:ListBucketVersions'],
      Resource: [bucket],
      Condition: { StringLike: { 's3:prefix': prefixes } },
    },
  ];
}
