import type * as S3 from '@aws-sdk/client-s3';
import { CallError } from '../../diagnostics/call-error.ts';
import type { BucketPosture, LifecycleRule } from '../../ports/object-store.ts';
import { called } from './call-errors.ts';
import type { S3Place } from './s3.ts';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from './sdk.ts';

/** S3’s ways to say that a bucket has none of what was asked for. */
const none = [
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchBucketPolicy',
  'ServerSideEncryptionConfigurationNotFoundError',
  'OwnershipControlsNotFoundError',
  'ReplicationConfigurationNotFoundError',
  'ObjectLockConfigurationNotFoundError',
  'NoSuchLifecycleConfiguration',
];
/** What a right that is missing, or a server that has no such thing, answers. Anything else is a failure of the call. */
const unknowable = [
  'AccessDenied',
  'AllAccessDisabled',
  'MethodNotAllowed',
  'NotImplemented',
  'UnsupportedOperation',
  'XNotImplemented',
];

/** Nine calls, all at once. */
export async function bucketPosture({ client, target }: S3Place): Promise<BucketPosture> {
  const unknown: Record<string, string> = {};
  const ask = async <R>(call: string, send: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await called('S3', call, send);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (none.includes(error.code)) return undefined;
      if (!unknowable.includes(error.code) && error.status !== 501) throw error;
      unknown[call] = error.code;
      return undefined;
    }
  };
  const [location, block, policy, encryption, versioning, ownership, replication, lock, lifecycle] = await Promise.all([
    ask('GetBucketLocation', () => client.send(new GetBucketLocationCommand(target))),
    ask('GetPublicAccessBlock', () => client.send(new GetPublicAccessBlockCommand(target))),
    ask('GetBucketPolicy', () => client.send(new GetBucketPolicyCommand(target))),
    ask('GetBucketEncryption', () => client.send(new GetBucketEncryptionCommand(target))),
    ask('GetBucketVersioning', () => client.send(new GetBucketVersioningCommand(target))),
    ask('GetBucketOwnershipControls', () => client.send(new GetBucketOwnershipControlsCommand(target))),
    ask('GetBucketReplication', () => client.send(new GetBucketReplicationCommand(target))),
    ask('GetObjectLockConfiguration', () => client.send(new GetObjectLockConfigurationCommand(target))),
    ask('GetBucketLifecycleConfiguration', () => client.send(new GetBucketLifecycleConfigurationCommand(target))),
  ]);
  return {
    region: location && regionOf(location.LocationConstraint),
    publicAccessBlock: blockOf(block?.PublicAccessBlockConfiguration),
    policy: policy?.Policy,
    encryption: encryptionOf(encryption?.ServerSideEncryptionConfiguration),
    versioning: versioning?.Status ?? 'Off',
    ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    replication: (replication?.ReplicationConfiguration?.Rules ?? []).some(({ Status }) => Status === 'Enabled'),
    objectLock: lock?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    lifecycle: (lifecycle?.Rules ?? []).map(lifecycleOf),
    unknown,
  };
}

/** The first region of all has no name here, and eu-west-1 an old one. */
function regionOf(constraint: string | undefined): string {
  if (!constraint) return 'us-east-1';
  return constraint === 'EU' ? 'eu-west-1' : constraint;
}

function blockOf(block: S3.PublicAccessBlockConfiguration | undefined): BucketPosture['publicAccessBlock'] {
  return (
    block && [
      block.BlockPublicAcls === true,
      block.IgnorePublicAcls === true,
      block.BlockPublicPolicy === true,
      block.RestrictPublicBuckets === true,
    ]
  );
}

function encryptionOf(encryption: S3.ServerSideEncryptionConfiguration | undefined): BucketPosture['encryption'] {
  const rule = encryption?.Rules?.[0];
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  return (
    byDefault && {
      algorithm: byDefault.SSEAlgorithm ?? '',
      kmsKey: byDefault.KMSMasterKeyID,
      bucketKey: rule.BucketKeyEnabled === true,
    }
  );
}

/** A rule that only holds for tags or sizes has no prefix of its own: `And` has it. */
function lifecycleOf(rule: S3.LifecycleRule): LifecycleRule {
  return {
    enabled: rule.Status === 'Enabled',
    prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? '',
    days: rule.Expiration?.Days,
    noncurrentDays: rule.NoncurrentVersionExpiration?.NoncurrentDays,
    abortUploadDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  };
}
