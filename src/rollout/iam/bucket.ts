import type { Json } from '../../tree/merge.ts';
import { type IamSubject, namesOf, type Policy, policy, type Statement } from './names.ts';
import { ownSecrets } from './node-role.ts';

const everybody = '*';

/** The bucket’s policy: denials only, which no role’s own policy can lift. */
export function bucketPolicy(subject: IamSubject): Policy {
  const { bucket } = namesOf(subject);
  const withoutTls: Statement = {
    Sid: 'DenyWithoutTls',
    Effect: 'Deny',
    Principal: everybody,
    Action: ['s3:*'],
    Resource: [bucket, `${bucket}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return policy([withoutTls, ...otherEncryption(subject), ...otherReaders(subject)]);
}

/**
 * A put that says nothing gets the bucket’s default, which is KMS; one that says otherwise is denied. Where the spec names a
 * key, archives are put with it or not at all.
 */
function otherEncryption(subject: IamSubject): readonly Statement[] {
  const { bucket, secrets } = namesOf(subject);
  const { kmsKey, prefix } = subject.cluster.aws;
  const put = { Effect: 'Deny', Principal: everybody, Action: ['s3:PutObject'] } as const;
  const header = 's3:x-amz-server-side-encryption';
  const otherwise: Statement = {
    Sid: 'DenyOtherEncryption',
    ...put,
    Resource: [`${bucket}/${prefix}*`],
    // A condition by IfExists would hold, and so deny, where there is no header.
    Condition: { StringNotEquals: { [header]: 'aws:kms' }, Null: { [header]: 'false' } },
  };
  // An alias is not what the request’s key is compared with.
  if (kmsKey === null || kmsKey.includes(':alias/')) return [otherwise];
  const otherKey: Statement = {
    Sid: 'DenyOtherKeys',
    ...put,
    Resource: [secrets],
    Condition: { StringNotEquals: { [`${header}-aws-kms-key-id`]: kmsKey } },
  };
  return [otherwise, otherKey];
}

/** However wide somebody’s own policy is: archives are for the node role and the deployer. */
function otherReaders(subject: IamSubject): readonly Statement[] {
  const { secrets, nodeRole, deployer, binaries } = namesOf(subject);
  const read = { Effect: 'Deny', Principal: everybody, Action: ['s3:GetObject', 's3:GetObjectVersion'] } as const;
  const others: Statement = {
    Sid: 'DenySecretsToOthers',
    ...read,
    Resource: [secrets],
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': [nodeRole, deployer] } },
  };
  if (subject.cluster.aws.delivery === 'content-addressed') return [others];
  const othersInstances: Statement = {
    Sid: 'DenyOthersSecretsToNodes',
    ...read,
    NotResource: [ownSecrets(subject), binaries],
    Condition: { ArnEquals: { 'aws:PrincipalArn': nodeRole } },
  };
  return [others, othersInstances];
}

export const publicAccessBlock: Json = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

export const ownership: Json = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] };

/** Without Bucket Keys, so that what may be decrypted is told by the object’s ARN. */
export function encryption({ cluster }: IamSubject): Json {
  const { kmsKey } = cluster.aws;
  const key = kmsKey === null ? {} : { KMSMasterKeyID: kmsKey };
  return {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', ...key }, BucketKeyEnabled: false }],
  };
}

/** A backstop: what a run should have deleted is gone after one day, in every form. Nothing else ends by itself. */
export function lifecycle({ cluster }: IamSubject): Json {
  return {
    Rules: [
      {
        ID: 'firstboot-secrets',
        Status: 'Enabled',
        Filter: { Prefix: `${cluster.aws.prefix}secrets/` },
        Expiration: { Days: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ],
  };
}
