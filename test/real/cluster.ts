import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inject } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { type Outcome, run, succeed } from './lab.ts';
import { sign } from './openssl.ts';

const top = resolve(import.meta.dirname, '../..');

/** The program as users get it: what the package's `bin` names. FIRSTBOOT_PROGRAM checks another, for example an installed one. */
export const program =
  process.env.FIRSTBOOT_PROGRAM ?? join(top, JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')).bin.firstboot);
export const firstboot = (...args: readonly string[]): Outcome => run([process.execPath, program, ...args]);

/** A folder of this test's own, below one that is removed after the run. */
export const newFolder = (name: string): string => mkdtempSync(join(inject('scratch'), `${name}-`));

/** A cluster that differs from the example: values to set in cluster.yaml by the path of the field, joined by dots (a host stays whole). */
export type Variant = {
  readonly name: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly keyType: 'rsa' | 'ec';
};

/** A copy of the example with those changes and a PKI that the program issued; returns its cluster.yaml. */
export function issueExample({ changes, keyType }: Variant): string {
  const folder = newFolder('cluster');
  for (const file of ['cluster.yaml', 'pins.yaml'])
    cpSync(join(top, 'examples/from-scratch', file), join(folder, file));
  const file = join(folder, 'cluster.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const [path, value] of Object.entries(changes)) document.setIn(fieldsOf(path), value);
  writeFileSync(file, document.toString());
  succeed([process.execPath, program, 'pki', 'issue', '--cluster', file, '--key-type', keyType]);
  const kubeProxy = (document.toJS() as { components: readonly string[] }).components.includes('kube-proxy');
  if (kubeProxy && !existsSync(join(folder, 'pki/kube-proxy.pem')))
    sign(join(folder, 'pki'), 'kube-proxy', { subject: '/CN=system:kube-proxy' });
  return file;
}

/** `registries.docker.io` has two fields: a host's dots are its own. */
function fieldsOf(path: string): string[] {
  const host = /^registries\.(.+)$/.exec(path)?.[1];
  return host === undefined ? path.split('.') : ['registries', host];
}

export function build(clusterFile: string): readonly Built[] {
  const out = join(dirname(clusterFile), 'out');
  succeed([process.execPath, program, 'build', '--cluster', clusterFile, '--out', out]);
  return ['worker-0', 'worker-1'].map(name => readBuilt(join(out, 'from-scratch', name)));
}

type WrittenFile = {
  readonly path: string;
  readonly permissions: string;
  readonly encoding?: string;
  readonly content: string;
};

/** The fields of bundle.json that the checks look at. */
type BundleJson = {
  readonly worker: string;
  readonly units: readonly string[];
  readonly files: readonly {
    readonly path: string;
    readonly mode: string;
    readonly owner: string;
    readonly size: number;
    readonly sha256?: string;
    readonly secret: boolean;
    readonly via: 'user-data' | 'archive';
  }[];
  readonly binaries: readonly { readonly name: string; readonly path: string }[];
};

/** What `build` wrote for one worker. */
export type Built = {
  readonly folder: string;
  readonly worker: string;
  readonly bundle: BundleJson;
  readonly userData: string;
  readonly cloudConfig: { readonly hostname: string; readonly write_files: readonly WrittenFile[] } & Readonly<
    Record<string, unknown>
  >;
};

function readBuilt(folder: string): Built {
  const bundle = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')) as BundleJson;
  const userData = readFileSync(join(folder, 'user-data.yaml'), 'utf8');
  return { folder, worker: bundle.worker, bundle, userData, cloudConfig: parse(userData, { version: '1.1' }) };
}

/** Lays out a worker's files below a new folder as they come to lie on the node: user-data's and the archive's. */
export function layOut(built: Built): string {
  const folder = newFolder('node');
  chmodSync(folder, 0o755);
  for (const { path, permissions, encoding, content } of built.cloudConfig.write_files) {
    const bytes = encoding === undefined ? content : Buffer.from(content, 'base64');
    place(folder, path, bytes, Number.parseInt(permissions, 8));
  }
  succeed(['tar', '--extract', '--file', join(built.folder, 'secrets.tar'), '--directory', folder]);
  return folder;
}

export function place(folder: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, content);
  chmodSync(file, mode);
}
