import type { Ask } from '../http.ts';

/** What a request is for; an empty key: the bucket itself, an empty bucket: the service. */
export type Address = {
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
};

/** `bucket.s3.region.amazonaws.com` and its variants, or `bucket.localhost`, `bucket.s3.localhost` on this machine. */
const virtualHost =
  /^(?<bucket>.+?)\.(?:s3(?:-fips)?(?:\.dualstack)?(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?|(?:s3\.)?localhost)$/;

/**
 * Amazon S3 User Guide, “Virtual hosting of general purpose buckets”: the bucket is in the name of the host, else it is the
 * first part of the path. Undefined: a broken escape.
 */
export function addressOf({ url, headers }: Pick<Ask, 'url' | 'headers'>): Address | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const [path = '', ...rest] = url.split('?');
  const fromHost = virtualHost.exec(host)?.groups?.bucket;
  try {
    const decoded = decodeURIComponent(path.slice(1));
    const query = new Map(new URLSearchParams(rest.join('?')));
    if (fromHost !== undefined && fromHost !== 's3') return { bucket: fromHost, key: decoded, query };
    const slash = decoded.indexOf('/');
    return slash < 0
      ? { bucket: decoded, key: '', query }
      : { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1), query };
  } catch {
    return undefined;
  }
}
