import type { Cluster } from '../spec/resolve.ts';

/** A worker's archive: the name of its object, and its digest (which names it below an instance's own ARN). */
export type ArchiveNames = { readonly worker: string; readonly objectId: string; readonly digest: string };

/**
 * Where the boot program fetches the archive: known now (content-addressed), or below the instance's own ARN, of which the
 * node fills in `{accountId}` and `{instanceId}`. `s3+` tells it to sign the request.
 */
export function secretsUrl({ aws, name }: Cluster, { worker, objectId, digest }: ArchiveNames): string {
  const below = `${aws.prefix}secrets/${name}/`;
  const arn = `arn:${partitionOf(aws.region)}:ec2:${aws.region}:{accountId}:instance/{instanceId}`;
  const key = aws.delivery === 'instance-scoped' ? `${below}${arn}/${digest}.tar` : `${below}${worker}/${objectId}.tar`;
  return `s3+${bucketUrl(aws)}/${encodeKey(key)}`;
}

/** Path style for an endpoint of one's own, and for a bucket with dots, which no wildcard certificate covers. */
function bucketUrl({ endpoint, bucket, region }: Cluster['aws']): string {
  if (endpoint !== null) return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** As SigV4 encodes a path: everything but unreserved characters and slashes; the node's placeholders stay. */
function encodeKey(key: string): string {
  return key
    .split('/')
    .map(part =>
      encodeURIComponent(part).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')
    .replaceAll('%7BaccountId%7D', '{accountId}')
    .replaceAll('%7BinstanceId%7D', '{instanceId}');
}
