import type { Ask } from '../http.ts';
import type { Address } from './s3-address.ts';

/** Operations by method and by the word of the query that tells them from others; “-” where there is none. */
const ofObjects: Readonly<Record<string, string>> = {
  'PUT -': 'PutObject',
  'GET -': 'GetObject',
  'HEAD -': 'HeadObject',
  'DELETE -': 'DeleteObject',
  'POST uploads': 'CreateMultipartUpload',
  'PUT uploadId': 'UploadPart',
  'POST uploadId': 'CompleteMultipartUpload',
  'DELETE uploadId': 'AbortMultipartUpload',
  'GET uploadId': 'ListParts',
};

const ofBuckets: Readonly<Record<string, string>> = {
  'PUT -': 'CreateBucket',
  'DELETE -': 'DeleteBucket',
  'HEAD -': 'HeadBucket',
  'GET list-type': 'ListObjectsV2',
  'GET versions': 'ListObjectVersions',
  'GET uploads': 'ListMultipartUploads',
  'POST delete': 'DeleteObjects',
  'GET location': 'GetBucketLocation',
  'GET versioning': 'GetBucketVersioning',
  'PUT versioning': 'PutBucketVersioning',
  'GET publicAccessBlock': 'GetPublicAccessBlock',
  'PUT publicAccessBlock': 'PutPublicAccessBlock',
  'DELETE publicAccessBlock': 'DeletePublicAccessBlock',
  'GET policy': 'GetBucketPolicy',
  'PUT policy': 'PutBucketPolicy',
  'DELETE policy': 'DeleteBucketPolicy',
  'GET encryption': 'GetBucketEncryption',
  'PUT encryption': 'PutBucketEncryption',
  'DELETE encryption': 'DeleteBucketEncryption',
  'GET ownershipControls': 'GetBucketOwnershipControls',
  'PUT ownershipControls': 'PutBucketOwnershipControls',
  'DELETE ownershipControls': 'DeleteBucketOwnershipControls',
  'GET lifecycle': 'GetBucketLifecycleConfiguration',
  'PUT lifecycle': 'PutBucketLifecycleConfiguration',
  'DELETE lifecycle': 'DeleteBucketLifecycle',
  'GET replication': 'GetBucketReplication',
  'GET object-lock': 'GetObjectLockConfiguration',
};

/** Parameters of these operations; any other word of a query names an operation or an option that is not here. */
const parameters = [
  'x-id',
  'versionId',
  'partNumber',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'fetch-owner',
  'encoding-type',
  'key-marker',
  'version-id-marker',
  'upload-id-marker',
  'max-uploads',
  'max-parts',
  'part-number-marker',
];

/** Headers that ask for what is not here; to leave them unheard would be another object than the client thinks. */
const unheard =
  /^x-amz-(?:acl$|grant-|tagging$|object-lock-|bucket-object-lock-|copy-source|website-redirect|server-side-encryption-(?:customer|context)|write-offset|request-payer|mfa)/;

/** The operation of a request; undefined: none that the embedded cloud has. */
export function operationOf({ method, headers }: Ask, { bucket, key, query }: Address): string | undefined {
  if (bucket === '') return undefined;
  const words = [...query.keys()].filter(name => !parameters.includes(name));
  const [word = '-'] = words;
  const isPartOfObject = word === '-' && query.has('partNumber');
  const storage = headers['x-amz-storage-class'] ?? 'STANDARD';
  const isUnheard = Object.keys(headers).some(name => unheard.test(name)) || storage !== 'STANDARD';
  if (words.length > 1 || isPartOfObject || isUnheard) return undefined;
  if (word === 'list-type' && query.get(word) !== '2') return undefined;
  return (key === '' ? ofBuckets : ofObjects)[`${method} ${word}`];
}
