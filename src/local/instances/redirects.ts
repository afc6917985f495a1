import type { Manifest } from '../../emit/read-user-data.ts';
import { redirectsTo } from '../object-server.ts';

/**
 * Where an instance’s boot program fetches from instead: the bucket path style at `bucketBase`, everything else below its
 * host’s name at `webBase`. What is signed is signed as it is sent, so the embedded S3 verifies it as it is.
 */
export function instanceRedirects(
  { secrets, binaries }: Manifest,
  bucketBase: string,
  webBase: string,
): Readonly<Record<string, string>> {
  const urls = binaries.flatMap(one => one.urls);
  const signed = [secrets.url, ...urls.filter(isSigned)];
  return {
    ...redirectsTo(
      webBase,
      urls.filter(url => !isSigned(url)),
    ),
    ...Object.fromEntries(signed.map(url => bucketRedirect(url, bucketBase))),
  };
}

export function isSigned(url: string): boolean {
  return url.startsWith('s3+');
}

/** Virtual-host style names the bucket in the host; path style, as at an endpoint of one’s own, in the path. */
function bucketRedirect(url: string, base: string): readonly [from: string, to: string] {
  const { origin, hostname } = new URL(url.replace(/^s3\+/, '').replace(/[{}]/g, ''));
  const bucket = /^(.+)\.s3\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
  return [`${origin}/`, bucket === undefined ? `${base}/` : `${base}/${bucket}/`];
}
