import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { objectUrl } from '../../spec/bucket-url.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { masked } from '../../tree/shown.ts';
import type { ClusterRule } from '../context.ts';
import { describeNeeded, type Needed, neededPins, pinOrigin } from './pin-needed.ts';
import { foreignArch } from './spec-machines.ts';

/** URLs can be fetched from, by TLS and without a credential, and speak of what their entry is. */
export const pinUrls: ClusterRule = context =>
  neededPins(context).flatMap(needed =>
    (needed.pin?.url ?? []).flatMap((url, index) => {
      // A single URL is a scalar, a list has an index; the deepest path that exists is pointed at.
      const origin = pinOrigin([...needed.path, 'url', index]);
      const reason = describeBadUrl(url.replace(/^s3\+(?=https?:)/, '')) ?? describeForeignBucket(url, context.cluster);
      if (reason) return [finding('PIN_URL_INVALID', origin, { url: masked(url), reason })];
      return [httpUrl, archOfUrl, versionOfUrl, credentialInUrl, formOfUrl].flatMap(judge =>
        judge(needed, url, origin),
      );
    }),
  );

type Judge = (needed: Needed, url: string, origin: Finding['origin']) => readonly Finding[];

function describeBadUrl(url: string): string | undefined {
  if (/[${}<>]/.test(url)) return 'it has a placeholder, and nothing fills it in';
  if (/[\s"\\]/.test(url)) return 'it has a blank, a quote or a backslash';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return 'it does not begin with https://';
  if (!/^https?:/i.test(url)) return `${url.split(':')[0]} is not fetched, only https`;
  if (!URL.canParse(url)) return 'its host or port is none';
  return new URL(url).pathname.replace(/\/$/, '') === '' ? 'it names a server, but no file' : undefined;
}

/** What is signed with the node's role goes to the cluster's own bucket, and of that the role reads bin/. */
function describeForeignBucket(url: string, { aws }: Cluster): string | undefined {
  const own = `s3+${objectUrl(aws, `${aws.prefix}bin/`)}`;
  if (!url.startsWith('s3+') || url.startsWith(own)) return undefined;
  return `the node’s role signs requests to ${own}… only`;
}

/** Loopback is where a test's mirror listens. */
const httpUrl: Judge = (_, url, origin) =>
  /^http:/i.test(url) && !/^http:\/\/(localhost|127\.[\d.]+)[:/]/i.test(url)
    ? [finding('PIN_URL_HTTP', origin, { url: masked(url) })]
    : [];

const archOfUrl: Judge = (needed, url, origin) => {
  const found = foreignArch(new URL(url).pathname, needed.arch);
  return found ? [finding('PIN_URL_ARCH', origin, { ...describeNeeded(needed), url: masked(url), found })] : [];
};

const versionOfUrl: Judge = (needed, url, origin) => {
  const { pathname } = new URL(url);
  const found = /(?<![\d.])v?(\d+\.\d+\.\d+)(?![\d.]*\d)/.exec(pathname)?.[1];
  if (found === undefined || pathname.includes(needed.version)) return [];
  return [finding('PIN_URL_VERSION', origin, { ...describeNeeded(needed), url: masked(url), found })];
};

const credentialInUrl: Judge = (needed, url, origin) => {
  const { username, password, searchParams } = new URL(url);
  const parameter = [...searchParams.keys()].find(key =>
    /^(x-amz-signature|sig|signature|token|access_token|private_token|key)$/i.test(key),
  );
  const kind = username || password ? 'a user name or password' : parameter ? `the parameter ${parameter}` : undefined;
  return kind ? [finding('PIN_URL_CREDENTIAL', origin, { ...describeNeeded(needed), kind })] : [];
};

const archive = /\.(tar(\.(gz|xz|bz2))?|tgz|txz|tbz2?)$/i;
const packed = /\.(tar(\.\w+)?|tgz|txz|tbz2?|zip|gz|xz|bz2|zst|deb|rpm)$/i;

/** An archive is unpacked, a plain file installed; tarfile of the boot program reads gzip, bzip2 and xz. */
const formOfUrl: Judge = ({ binary, component }, url, origin) => {
  const { pathname } = new URL(url);
  const entry = component.binaries.find(one => one.name === binary);
  const expected = entry?.install
    ? packed.test(pathname) && 'a plain file (install)'
    : /\.\w{2,4}$/.test(pathname) && !archive.test(pathname) && packed.test(pathname) && 'unpacked as a tar archive';
  return expected ? [finding('PIN_FORM', origin, { binary, url: masked(url), expected })] : [];
};
