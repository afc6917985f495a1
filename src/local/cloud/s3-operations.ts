import type { Calls } from './calls.ts';
import type { Caller } from './cloud.ts';
import * as buckets from './s3-buckets.ts';
import * as lists from './s3-lists.ts';
import * as multipart from './s3-multipart.ts';
import * as objects from './s3-objects.ts';
import type { Asked, Posture } from './s3-types.ts';
import { enter, type S3World } from './s3-world.ts';

/** Whose bucket, and who asks. */
export type Target = {
  readonly bucket: string;
  readonly caller: Caller;
  readonly expectedOwner?: string | undefined;
};

export type S3Operations = ReturnType<typeof createOperations>;

/** S3's operations by AWS's names, each of which is a call that can be watched, throttled and hit by faults. */
export function createOperations(world: S3World, calls: Calls) {
  const call = <T>(name: string, target: Target, operation: (asked: Asked) => Promise<T>): Promise<T> =>
    calls.perform({ service: 'S3', name }, () => operation({ call: name, ...target }));
  const part =
    <P extends Parameters<typeof buckets.getPart>[2]>(name: string, which: P) =>
    (target: Target) =>
      call(name, target, asked => buckets.getPart(world, asked, which));
  const setting = (name: string) => (target: Target, parts: Partial<Posture>) =>
    call(name, target, asked => buckets.setParts(world, asked, parts));

  return {
    putObject: (target: Target, input: objects.PutInput) =>
      call('PutObject', target, asked => objects.putObject(world, asked, input)),
    getObject: (target: Target, key: string, versionId?: string) =>
      call('GetObject', target, asked => objects.getObject(world, asked, key, versionId)),
    headObject: (target: Target, key: string, versionId?: string) =>
      call('HeadObject', target, asked => objects.getObject(world, asked, key, versionId)),
    deleteObject: (target: Target, input: objects.DeleteInput & objects.Conditions) =>
      call('DeleteObject', target, asked => objects.deleteObject(world, asked, input)),
    deleteObjects: (target: Target, input: readonly objects.DeleteInput[]) =>
      call('DeleteObjects', target, asked => objects.deleteObjects(world, asked, input)),
    listObjectsV2: (target: Target, input: lists.ListInput) =>
      call('ListObjectsV2', target, asked => lists.listObjects(world, asked, input)),
    listObjectVersions: (target: Target, input: lists.VersionsInput) =>
      call('ListObjectVersions', target, asked => lists.listVersions(world, asked, input)),

    createMultipartUpload: (target: Target, input: multipart.CreateInput) =>
      call('CreateMultipartUpload', target, asked => multipart.createUpload(world, asked, input)),
    uploadPart: (target: Target, input: Parameters<typeof multipart.uploadPart>[2]) =>
      call('UploadPart', target, asked => multipart.uploadPart(world, asked, input)),
    completeMultipartUpload: (target: Target, input: Parameters<typeof multipart.completeUpload>[2]) =>
      call('CompleteMultipartUpload', target, asked => multipart.completeUpload(world, asked, input)),
    abortMultipartUpload: (target: Target, name: multipart.UploadName) =>
      call('AbortMultipartUpload', target, asked => multipart.abortUpload(world, asked, name)),
    listParts: (target: Target, input: Parameters<typeof multipart.listParts>[2]) =>
      call('ListParts', target, asked => multipart.listParts(world, asked, input)),
    listMultipartUploads: (target: Target, input: multipart.UploadsInput) =>
      call('ListMultipartUploads', target, asked => multipart.listUploads(world, asked, input)),

    createBucket: (target: Target, location: string | undefined) =>
      call('CreateBucket', target, asked => buckets.createBucket(world, asked, location)),
    deleteBucket: (target: Target) => call('DeleteBucket', target, asked => buckets.deleteBucket(world, asked)),
    headBucket: (target: Target) => call('HeadBucket', target, asked => enter(world, asked)),
    getBucketLocation: (target: Target) =>
      call('GetBucketLocation', target, async asked => {
        await enter(world, asked);
        return world.region;
      }),
    getBucketVersioning: (target: Target) =>
      call('GetBucketVersioning', target, asked => buckets.getVersioning(world, asked)),
    getPublicAccessBlock: part('GetPublicAccessBlock', 'publicAccessBlock'),
    getBucketPolicy: part('GetBucketPolicy', 'policy'),
    getBucketEncryption: part('GetBucketEncryption', 'encryption'),
    getBucketOwnershipControls: part('GetBucketOwnershipControls', 'ownership'),
    getBucketReplication: part('GetBucketReplication', 'replication'),
    getObjectLockConfiguration: part('GetObjectLockConfiguration', 'objectLock'),
    getBucketLifecycleConfiguration: part('GetBucketLifecycleConfiguration', 'lifecycle'),
    putBucketVersioning: setting('PutBucketVersioning'),
    putPublicAccessBlock: setting('PutPublicAccessBlock'),
    deletePublicAccessBlock: setting('DeletePublicAccessBlock'),
    putBucketPolicy: setting('PutBucketPolicy'),
    deleteBucketPolicy: setting('DeleteBucketPolicy'),
    putBucketEncryption: setting('PutBucketEncryption'),
    deleteBucketEncryption: setting('DeleteBucketEncryption'),
    putBucketOwnershipControls: setting('PutBucketOwnershipControls'),
    deleteBucketOwnershipControls: setting('DeleteBucketOwnershipControls'),
    putBucketLifecycleConfiguration: setting('PutBucketLifecycleConfiguration'),
    deleteBucketLifecycle: setting('DeleteBucketLifecycle'),
  };
}
