import type { CallError } from '../diagnostics/call-error.ts';

/** Calls of S3 whose action has another name (Service Authorization Reference). */
const s3: Readonly<Record<string, string>> = {
  HeadObject: 's3:GetObject (and s3:ListBucket)',
  ListObjectsV2: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  DeleteObjects: 's3:DeleteObject and s3:DeleteObjectVersion',
  PutObject: 's3:PutObject, and kms:GenerateDataKey on the key',
  GetObject: 's3:GetObject, and kms:Decrypt on the key',
  HeadBucket: 's3:ListBucket',
  GetPublicAccessBlock: 's3:GetBucketPublicAccessBlock',
  GetBucketEncryption: 's3:GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
  GetBucketReplication: 's3:GetReplicationConfiguration',
  GetObjectLockConfiguration: 's3:GetBucketObjectLockConfiguration',
  CreateMultipartUpload: 's3:PutObject, and kms:GenerateDataKey on the key',
  UploadPart: 's3:PutObject, and kms:GenerateDataKey on the key',
  CompleteMultipartUpload: 's3:PutObject, and kms:Decrypt on the key',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
};

/** The IAM action that a call needs: EC2 names it in its message, or it is the call’s own name. */
export function actionOf({ service, call, message }: CallError): string {
  const named = /not authorized to perform: ([a-z0-9-]+:\w+)/.exec(message)?.[1];
  if (named !== undefined) return named;
  if (service === 'S3') return s3[call] ?? `s3:${call}`;
  const action = `${service.toLowerCase()}:${call}`;
  // RunInstances is refused in one word for all that it does.
  return call === 'RunInstances'
    ? `${action}, ec2:CreateTags and iam:PassRole for the instance profile’s role`
    : action;
}
