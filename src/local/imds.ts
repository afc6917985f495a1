import { randomBytes } from 'node:crypto';
import type { Ask, Handler, Reply } from './http.ts';
import { type MetadataTree, metadataOf } from './imds-tree.ts';
import type { Instance } from './instance.ts';

type World = {
  /** Whose metadata the one who asks from this address sees; undefined: no instance of ours. */
  readonly instanceAt: (address: string) => Instance | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

type Token = { readonly instanceId: string; readonly ends: number };

/** Those that cloud-init's Ec2 datasource asks for, and the first; all show the same here. */
const versions = ['1.0', '2009-04-04', '2016-09-02', '2018-09-24', '2021-03-23', 'latest'];
const maxSeconds = 21600;

/**
 * Instance metadata, version 2 only (as with `HttpTokens=required`): Amazon EC2 User Guide, “Use the Instance Metadata
 * Service to access instance metadata” and “How Instance Metadata Service Version 2 works”.
 */
export function createImds({ instanceAt, now }: World): Handler {
  const tokens = new Map<string, Token>();
  return async ask => {
    const instance = instanceAt(ask.from);
    if (!instance) return undefined;
    const reply = answer(ask, instance, tokens, now());
    // The boot program compares its clock with this.
    return { ...reply, headers: { ...reply.headers, date: new Date(now()).toUTCString() } };
  };
}

function answer(ask: Ask, instance: Instance, tokens: Map<string, Token>, now: number): Reply {
  const path = ask.url.split('?')[0] ?? '';
  if (path === '/latest/api/token') return issueToken(ask, instance, tokens, now);
  const token = tokens.get(ask.headers['x-aws-ec2-metadata-token'] ?? '');
  // A token is good on the instance that it was issued to, and nowhere else.
  if (token?.instanceId !== instance.instanceId || token.ends <= now) return errorPage(401, 'Unauthorized');
  if (ask.method !== 'GET' && ask.method !== 'HEAD') return errorPage(405, 'Method Not Allowed');
  return show(path, instance);
}

/**
 * “Requests that contain an X-Forwarded-For header are rejected”: a proxy is in between. It is also what is left here of
 * the hop limit, which on EC2 is the TTL of the answer's IP packets; on loopback there is no hop to count.
 */
function issueToken(ask: Ask, { instanceId }: Instance, tokens: Map<string, Token>, now: number): Reply {
  if (ask.method !== 'PUT') return errorPage(405, 'Method Not Allowed');
  if (ask.headers['x-forwarded-for'] !== undefined) return errorPage(403, 'Forbidden');
  const seconds = ask.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? '';
  if (!/^\d{1,5}$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > maxSeconds)
    return errorPage(400, 'Bad Request');
  const token = randomBytes(42).toString('base64url');
  tokens.set(token, { instanceId, ends: now + Number(seconds) * 1000 });
  return text(token, { 'x-aws-ec2-metadata-token-ttl-seconds': seconds });
}

function show(path: string, instance: Instance): Reply {
  const [version, ...names] = path.split('/').filter(Boolean);
  if (version === undefined) return text(versions.join('\n'));
  if (!versions.includes(version)) return errorPage(404, 'Not Found');
  const found = names.reduce<MetadataTree[string] | undefined>(
    (node, name) => (isFolder(node) && Object.hasOwn(node, decoded(name)) ? node[decoded(name)] : undefined),
    metadataOf(instance),
  );
  if (found === undefined) return errorPage(404, 'Not Found');
  if (found instanceof Uint8Array) return bytes(found);
  return text(isFolder(found) ? list(found) : found);
}

function isFolder(node: MetadataTree[string] | undefined): node is MetadataTree {
  return typeof node === 'object' && !(node instanceof Uint8Array);
}

/** Names, folders with a slash at the end. */
function list(folder: MetadataTree): string {
  return Object.entries(folder)
    .map(([name, node]) => (isFolder(node) ? `${name}/` : name))
    .join('\n');
}

/** A MAC address among the names may come with its colons escaped. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const common = { server: 'EC2ws', 'accept-ranges': 'none' };

function text(body: string, more: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers: { ...common, 'content-type': 'text/plain', ...more }, body };
}

function bytes(body: Uint8Array): Reply {
  return { status: 200, headers: { ...common, 'content-type': 'application/octet-stream' }, body };
}

function errorPage(status: number, reason: string): Reply {
  const title = `${status} - ${reason}`;
  const body = `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
	"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${title}</title>
 </head>
 <body>
  <h1>${title}</h1>
 </body>
</html>
`;
  return { status, headers: { ...common, 'content-type': 'text/html' }, body };
}
