import type { Bundle, BundleFile } from '../compile/bundle.ts';
import { sysctlsPath } from '../compile/node-files.ts';
import type { Cluster } from '../spec/resolve.ts';
import { objectId, sha256 } from '../tree/digest.ts';
import { byCodeUnit } from '../tree/order.ts';
import { Secret } from '../tree/secret.ts';
import type { BootFacts } from './boot-facts.ts';
import { secretsUrl } from './secrets-url.ts';

/** What the boot program reads: the only thing that tells it apart from the one of another worker. */
export const manifestPath = '/var/lib/firstboot/manifest.json';
/** Written last by cloud-init: when it is there, all before it is. */
export const readyPath = '/var/lib/firstboot/ready';

export type ArchiveFacts = { readonly bytes: Secret; readonly digest: string };

type Parts = {
  readonly cluster: Cluster;
  readonly bundle: Bundle;
  readonly fingerprint: string;
  readonly archive: ArchiveFacts;
  readonly archived: readonly BundleFile[];
  /** Files that cloud-init writes. */
  readonly written: readonly BundleFile[];
  readonly facts: BootFacts;
  readonly digestOf: (content: Uint8Array) => string;
};

/** One line of JSON. The object's name is in it, and nowhere else but in copies of the user-data. */
export function writeBootManifest({
  cluster,
  bundle,
  fingerprint,
  archive,
  archived,
  written,
  facts,
  digestOf,
}: Parts): string {
  const { certificate } = bundle;
  const { region } = cluster.aws;
  const names = { worker: bundle.worker, objectId: objectId(archive.bytes.reveal()), digest: archive.digest };
  const manifest = {
    v: 1,
    cluster: bundle.cluster,
    worker: bundle.worker,
    privateIp: bundle.privateIp,
    arch: bundle.arch,
    fingerprint,
    secrets: { region, url: secretsUrl(cluster, names), sha256: archive.digest, size: archive.bytes.size },
    archive: modesOf(archived),
    files: filesOf(written, digestOf),
    folders: { ...facts.folders, ...Object.fromEntries(secretFolders(bundle).map(folder => [folder, '0700'])) },
    certificate: certificate ? { notBefore: certificate.notBefore, notAfter: certificate.notAfter } : null,
    binaries: bundle.binaries.map(({ name, version, urls, sha256: digest, size, install, unpack, members, files }) => ({
      name,
      version,
      urls,
      sha256: digest,
      size,
      install,
      unpack,
      members,
      files,
      start: facts.startAfter.get(name),
    })),
    modules: bundle.modules,
    sysctls: bundle.files.some(file => file.path === sysctlsPath) ? sysctlsPath : null,
    units: bundle.units,
    kubelet: kubeletOf(bundle, facts),
    proxy: facts.proxy ?? undefined,
    trust: cluster.node.ca.length > 0 || undefined,
    swap: bundle.kubelet?.config.failSwapOn === false || undefined,
  };
  return `${JSON.stringify(manifest)}\n`;
}

const defaultHealthzPort = 10248;
const defaultSocket = '/run/containerd/containerd.sock';

/** What the boot program takes for granted is left out. */
function kubeletOf({ kubelet }: Bundle, { kubelet: paths }: BootFacts) {
  if (!paths) return paths;
  const { healthzPort: port, containerRuntimeEndpoint: endpoint } = kubelet?.config ?? {};
  const socket = typeof endpoint === 'string' ? endpoint.replace(/^unix:\/\//, '') : '';
  return {
    ...paths,
    healthz: typeof port === 'number' && port !== defaultHealthzPort ? `http://127.0.0.1:${port}/healthz` : undefined,
    socket: socket.startsWith('/') && socket !== defaultSocket ? socket : undefined,
  };
}

function modesOf(files: readonly BundleFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(file => [file.path, file.mode]));
}

/** One hash for all files that cloud-init writes, so that one torn by a power cut is noticed; half of it tells as much. */
function filesOf(files: readonly BundleFile[], digestOf: (content: Uint8Array) => string) {
  const sorted = [...files].sort((a, b) => byCodeUnit(a.path, b.path));
  const lines = sorted.map(({ path, content }) => `${path}\0${content instanceof Secret ? '' : digestOf(content)}\n`);
  return { sha256: sha256(lines.join('')).slice(0, 32), paths: sorted.map(({ path }) => path) };
}

/** Folders that hold a private key: closed to all but root. */
function secretFolders(bundle: Bundle): readonly string[] {
  const folders = bundle.files
    .filter(file => file.content instanceof Secret)
    .map(file => file.path.slice(0, file.path.lastIndexOf('/')));
  return [...new Set(folders)].sort(byCodeUnit);
}
