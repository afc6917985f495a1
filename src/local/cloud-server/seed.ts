import { bucketPolicy } from '../../rollout/iam/bucket.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { type Catalogue, catalogueFor } from '../cloud/ec2-catalogue.ts';
import type { Posture } from '../cloud/s3-types.ts';
import { embeddedAccount } from './state-folder.ts';

/** What must be there before a spec can be staged and launched; JSON, so that it can be given to a server. */
export type CloudSeed = {
  readonly catalogue: Catalogue;
  readonly bucket: string;
  readonly posture: Posture;
  /** Prefixes that the node role may read. */
  readonly nodePrefixes: readonly string[];
};

/** As if everything that the spec names had been made for it, the bucket by what `firstboot iam` prints. */
export function seedFor(cluster: Cluster): CloudSeed {
  const { aws, name } = cluster;
  return {
    catalogue: catalogueFor(cluster),
    bucket: aws.bucket,
    posture: strongPosture(cluster),
    nodePrefixes: [`${aws.prefix}secrets/${name}/`, `${aws.prefix}bin/`],
  };
}

function strongPosture(cluster: Cluster): Posture {
  const { aws } = cluster;
  return {
    publicAccessBlock: [true, true, true, true],
    policy: JSON.stringify(bucketPolicy({ cluster, account: embeddedAccount })),
    encryption: { algorithm: 'aws:kms', kmsKey: aws.kmsKey ?? undefined, bucketKey: false },
    versioning: 'Enabled',
    ownership: 'BucketOwnerEnforced',
    replication: false,
    objectLock: false,
    lifecycle: [{ enabled: true, prefix: `${aws.prefix}secrets/`, days: 1, noncurrentDays: 1, abortUploadDays: 1 }],
  };
}
