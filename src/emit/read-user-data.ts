import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { invariant } from '../tree/invariant.ts';
import { manifestPath } from './boot-manifest.ts';

/** A binary as the boot manifest has it. */
export type ManifestBinary = {
  readonly name: string;
  readonly version: string;
  readonly urls: readonly string[];
  readonly sha256: string;
  readonly size?: number;
  readonly install?: string;
  readonly unpack?: string;
  readonly members?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly start?: string;
};

/** The boot manifest (boot-manifest.ts), as far as a rehearsal, a local machine or a plan needs it. */
export type Manifest = {
  readonly worker: string;
  readonly cluster: string;
  readonly privateIp: string;
  readonly arch: string;
  /** Paths of the worker’s own files that cloud-init writes. */
  readonly files: { readonly paths: readonly string[] };
  readonly modules: readonly string[];
  readonly certificate: { readonly notBefore: string; readonly notAfter: string } | null;
  readonly secrets: { readonly region: string; readonly url: string; readonly sha256: string; readonly size: number };
  readonly archive: Readonly<Record<string, string>>;
  readonly binaries: readonly ManifestBinary[];
  readonly units: readonly string[];
  readonly kubelet?: { readonly kubeconfig: string } | undefined;
};

export type WrittenFile = {
  readonly path: string;
  /** Octal, as chmod takes it. */
  readonly mode: string;
  readonly owner: string;
  readonly content: Uint8Array;
  /** Added to what is there. */
  readonly append: boolean;
};

/** User-data as cloud-init reads it. */
export type UserData = {
  readonly hostname: string;
  /** In the order in which cloud-init writes them. */
  readonly files: readonly WrittenFile[];
  readonly manifest: Manifest;
};

type Entry = {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly encoding?: string;
  readonly permissions?: string;
  readonly owner?: string;
  readonly append?: boolean;
  readonly defer?: boolean;
};

/** The very bytes that RunInstances gets, read again. PyYAML reads YAML 1.1. */
export function readUserData(bytes: Uint8Array): UserData {
  const text = gunzipSync(bytes).toString();
  const { hostname, write_files: entries } = parse(text, { version: '1.1' }) as {
    hostname: string;
    write_files: readonly Entry[];
  };
  const isDeferred = (entry: Entry) => entry.defer === true;
  const files = [...entries.filter(entry => !isDeferred(entry)), ...entries.filter(isDeferred)].map(writtenFile);
  const manifest = files.find(file => file.path === manifestPath);
  invariant(manifest, `user-data has ${manifestPath}`);
  return { hostname, files, manifest: JSON.parse(Buffer.from(manifest.content).toString()) };
}

function writtenFile(entry: Entry): WrittenFile {
  return {
    path: entry.path,
    mode: (entry.permissions ?? '0644').replace(/^0o/, ''),
    owner: entry.owner ?? 'root:root',
    content: contentOf(entry),
    append: entry.append === true,
  };
}

/** cloud-init's names of encodings; `!!binary` gives bytes. What only has a `source` stays empty: nothing is fetched from elsewhere. */
function contentOf({ content = '', encoding = 'text/plain' }: Entry): Uint8Array {
  const name = encoding.toLowerCase().trim();
  const isBase64 = /^(?:(?:gz|gzip)\+)?(?:b64|base64)$/.test(name);
  const bytes = typeof content === 'string' ? Buffer.from(content, isBase64 ? 'base64' : 'utf8') : content;
  return /^gz(?:ip)?(?:\+|$)/.test(name) ? gunzipSync(bytes) : bytes;
}
