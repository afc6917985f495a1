import type { Cluster } from './resolve.ts';

type Place = Pick<Cluster['aws'], 'endpoint' | 'bucket' | 'region'>;

/** An object by its URL as a node asks for it, but for the `s3+` that tells the boot program to sign. */
export function objectUrl(aws: Place, key: string): string {
  return `${bucketUrl(aws)}/${encodeKey(key)}`;
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Path style for an endpoint of one's own, and for a bucket with dots, which no wildcard certificate covers. */
function bucketUrl({ endpoint, bucket, region }: Place): string {
  if (endpoint !== null) return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
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
