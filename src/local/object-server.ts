import { sha256 } from '../tree/digest.ts';
import { scopedTo } from './cloud/s3-rights.ts';
import type { Ask, Handler, Reply } from './http.ts';
import type { Role } from './instance.ts';
import { serveContent } from './ranges.ts';
import { identify, s3Error } from './s3-replies.ts';
import { isRefusal, type Refusal, signedWithoutBody } from './sigv4.ts';

/** A thing that the server has. */
export type Stored = {
  /** Where it is on the Internet, without `s3+`. */
  readonly url: string;
  /** An S3 object that only a role reads, by a signed request. */
  readonly signed: boolean;
  readonly size: number;
  readonly open: (from: number) => AsyncIterable<Uint8Array>;
};

type World = {
  readonly stored: readonly Stored[];
  readonly roles: readonly Role[];
  readonly region: string;
  readonly now: () => number;
};

/**
 * Serves `http://HERE/<original host>/<original path>`: buckets as S3 does to a role that may get objects and not list
 * them, and other hosts as a web server does.
 */
export function createObjectServer(world: World): Handler {
  const objects = new Map(world.stored.map(one => [placeOf(one.url), one]));
  const buckets = new Set(world.stored.filter(one => one.signed).map(one => new URL(one.url).host));
  return async ask => {
    const place = placeAsked(ask);
    const found = objects.get(place);
    const isBucket = buckets.has(place.split('/')[0] ?? '') || ask.headers.authorization?.startsWith('AWS4');
    return isBucket && (!found || found.signed) ? answerBucket(ask, found, place, world) : answerWeb(ask, found);
  };
}

/** What makes `https://host/path` be asked of this server: `{"https://host/": "http://127.0.0.1:PORT/host/"}`. */
export function redirectsTo(base: string, urls: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    urls.map(url => {
      const { origin, host } = new URL(url.replace(/^s3\+/, ''));
      return [`${origin}/`, `${base}/${host}/`];
    }),
  );
}

/** `host/path?query`, unescaped; S3 takes keys so as well. */
export function placeOf(url: string): string {
  const { host, pathname, search } = new URL(url.replace(/^s3\+/, ''));
  return decoded(`${host}${pathname}${search}`);
}

/** The same of a request, whose path begins with the host. */
export function placeAsked(ask: Ask): string {
  return decoded(ask.url.slice(1));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function answerBucket(ask: Ask, found: Stored | undefined, place: string, world: World): Reply {
  const { roles, region, now } = world;
  const denied: Refusal = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  const signed = signedWithoutBody(ask, { credentials: roles, region, service: 's3', now: now() });
  if (isRefusal(signed)) return s3Error(ask, signed);
  if (ask.method !== 'GET' && ask.method !== 'HEAD') return s3Error(ask, denied);
  // Without s3:ListBucket what is absent is 403 (Amazon S3 API Reference, “GetObject”, Permissions).
  const owner = scopedTo(place);
  if (!found || (owner !== undefined && owner !== signed.credentials.instanceId)) return s3Error(ask, denied);
  const served = serveContent(ask, found, {
    ...identify(),
    etag: `"${sha256(found.url).slice(0, 32)}"`,
    'content-type': 'binary/octet-stream',
    'x-amz-server-side-encryption': 'aws:kms',
  });
  if (served !== 'unsatisfiable') return served;
  const elements = { RangeRequested: ask.headers.range ?? '', ActualObjectSize: String(found.size) };
  const unsatisfiable = {
    status: 416,
    code: 'InvalidRange',
    message: 'The requested range is not satisfiable',
    elements,
  };
  return s3Error(ask, unsatisfiable, { 'content-range': `bytes */${found.size}` });
}

function answerWeb(ask: Ask, found: Stored | undefined): Reply {
  const plain = { 'content-type': 'text/plain; charset=utf-8' };
  if (ask.method !== 'GET' && ask.method !== 'HEAD') return { status: 405, headers: { ...plain, allow: 'GET, HEAD' } };
  if (!found) return { status: 404, headers: plain, body: '404 page not found\n' };
  const served = serveContent(ask, found, {
    etag: `"${sha256(found.url).slice(0, 32)}"`,
    'content-type': 'application/octet-stream',
  });
  return served === 'unsatisfiable'
    ? { status: 416, headers: { ...plain, 'content-range': `bytes */${found.size}` } }
    : served;
}
