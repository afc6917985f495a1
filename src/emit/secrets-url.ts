import { objectUrl, partitionOf } from '../spec/bucket-url.ts';
import type { Cluster } from '../spec/resolve.ts';

/** A worker's archive: the name of its object, and its digest (which names it below an instance's own ARN). */
export type ArchiveNames = { readonly worker: string; readonly objectId: string; readonly digest: string };

/**
 * Where the boot program fetches the archive: known now (content-addressed), or below the instance's own ARN, of which the
 * node fills in `{accountId}` and `{instanceId}`. `s3+` tells it to sign the request.
 */
export function secretsUrl(cluster: Cluster, names: ArchiveNames): string {
  const owner = secretsOwner(cluster, names.worker, instanceArn(cluster, '{accountId}', '{instanceId}'));
  return `s3+${objectUrl(cluster.aws, secretsKey(cluster, owner, names))}`;
}

/** The key of the same object. With its object id it is a capability of the node role: it is never printed. */
export function secretsKey(
  cluster: Pick<Cluster, 'aws' | 'name'>,
  owner: string,
  { objectId, digest }: Omit<ArchiveNames, 'worker'>,
): string {
  const file = cluster.aws.delivery === 'instance-scoped' ? digest : objectId;
  return `${secretsPrefix(cluster, owner)}${file}.tar`;
}

/** All that is staged for one owner, and nobody else’s. */
export function secretsPrefix({ aws, name }: Pick<Cluster, 'aws' | 'name'>, owner: string): string {
  return `${aws.prefix}secrets/${name}/${owner}/`;
}

/** Whose name stands in the key: the worker, or with instance-scoped delivery its instance. */
export function secretsOwner({ aws }: Pick<Cluster, 'aws'>, worker: string, arn: string): string {
  return aws.delivery === 'instance-scoped' ? arn : worker;
}

export function instanceArn({ aws }: Pick<Cluster, 'aws'>, accountId: string, instanceId: string): string {
  return `arn:${partitionOf(aws.region)}:ec2:${aws.region}:${accountId}:instance/${instanceId}`;
}
