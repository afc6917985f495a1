import { CallError } from '../../diagnostics/call-error.ts';
import type { BucketPosture } from '../../ports/object-store.ts';
import type { S3Operations, Target } from './s3-operations.ts';

/** What S3 answers where there is nothing configured. */
const nothing =
  /^(?:NoSuchBucketPolicy|NoSuchPublicAccessBlockConfiguration|NoSuchLifecycleConfiguration|\w+NotFoundError)$/;
/** What the caller may not ask, or the server does not know. */
const unanswered = ['AccessDenied', 'NotImplemented', 'MethodNotAllowed'];

/** Asks for every configuration of a bucket; a bucket that is not there is an error. */
export async function postureOf(operations: S3Operations, target: Target): Promise<BucketPosture> {
  const unknown: Record<string, string> = {};
  const ask = async <T>(asking: Promise<T>): Promise<T | undefined> => {
    try {
      return await asking;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (nothing.test(error.code)) return undefined;
      if (!unanswered.includes(error.code)) throw error;
      unknown[error.call] = error.code;
      return undefined;
    }
  };
  return {
    region: await ask(operations.getBucketLocation(target)),
    publicAccessBlock: await ask(operations.getPublicAccessBlock(target)),
    policy: await ask(operations.getBucketPolicy(target)),
    encryption: await ask(operations.getBucketEncryption(target)),
    versioning: (await ask(operations.getBucketVersioning(target))) ?? 'Off',
    ownership: await ask(operations.getBucketOwnershipControls(target)),
    replication: (await ask(operations.getBucketReplication(target))) !== undefined,
    objectLock: (await ask(operations.getObjectLockConfiguration(target))) !== undefined,
    lifecycle: (await ask(operations.getBucketLifecycleConfiguration(target))) ?? [],
    unknown,
  };
}
