import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inject } from 'vitest';
import { parseDocument } from 'yaml';
import { type Built, build, firstboot, issueExample } from '../real/cluster.ts';
import { succeed } from '../real/lab.ts';
import { labImages, writeImages } from './images.ts';

export const labScript = (name: string): string => resolve(import.meta.dirname, '../lab', name);

/** The example's cluster with kube-proxy and a component of the user's own, and everything that it is booted with. */
export type LabCluster = {
  readonly file: string;
  /** The folder that `firstboot pki issue` filled. */
  readonly pki: string;
  /** The api-server's own certificates, of the same CA, and `admin.kubeconfig`. */
  readonly serverPki: string;
  readonly mirror: string;
};

const components = ['containerd', 'kubelet', 'kube-proxy', labImages.name];

/** Made once for all files of a run; the first that asks makes it. */
export function labCluster(): LabCluster {
  const note = join(inject('scratch'), 'lab-cluster.json');
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as LabCluster;
  const changes = { components, [`versions.${labImages.name}`]: labImages.version };
  const file = issueExample({ name: 'machines', changes, keyType: 'rsa' });
  const folder = dirname(file);
  cpSync(join(import.meta.dirname, labImages.name), join(folder, 'bundles', labImages.name), { recursive: true });
  const cluster = { file, pki: join(folder, 'pki'), serverPki: join(folder, 'server-pki'), mirror: makeMirror(file) };
  mkdirSync(cluster.serverPki);
  for (const name of ['ca.pem', 'ca-key.pem']) copyFileSync(join(cluster.pki, name), join(cluster.serverPki, name));
  succeed([labScript('pki.sh'), cluster.serverPki]);
  writeFileSync(note, JSON.stringify(cluster));
  return cluster;
}

/** What `firstboot build` writes of it, by worker. */
export function buildLab({ file }: LabCluster): Readonly<Record<'worker-0' | 'worker-1', Built>> {
  const [first, second] = build(file) as [Built, Built];
  return { 'worker-0': first, 'worker-1': second };
}

/** Pins of the lab's own binaries, under upstream's URLs, and the folder that holds them as upstream packs them. */
function makeMirror(clusterFile: string): string {
  const folder = dirname(clusterFile);
  const mirror = join(folder, 'mirror');
  const pins = join(folder, 'pins.yaml');
  const document = parseDocument(readFileSync(pins, 'utf8'));
  document.setIn(['binaries', labImages.name, labImages.version, 'amd64'], document.createNode({ url: labImages.url }));
  const { binaries } = document.toJS() as {
    readonly binaries: Readonly<Record<string, Readonly<Record<string, { readonly amd64: { readonly url: string } }>>>>;
  };
  for (const [name, versions] of Object.entries(binaries))
    for (const [version, { amd64 }] of Object.entries(versions)) {
      document.deleteIn(['binaries', name, version, 'amd64', 'sha256']);
      const place = join(mirror, name, version, 'amd64');
      mkdirSync(place, { recursive: true });
      release(name, join(place, amd64.url.slice(amd64.url.lastIndexOf('/') + 1)));
    }
  writeFileSync(pins, document.toString());
  const { code, stderr } = firstboot('pin', '--cluster', clusterFile, '--mirror', mirror);
  if (code !== 0) throw new Error(stderr);
  return mirror;
}

/** A binary as upstream releases it. */
function release(name: string, file: string): void {
  if (name === labImages.name) writeImages(file);
  else succeed([labScript('release.sh'), name, file]);
}
