import type { Identity } from '../pki/identity.ts';
import type { Arch, Cluster, Worker } from '../spec/resolve.ts';
import { versionOf } from '../spec/resolve.ts';
import { byCodeUnit } from '../tree/order.ts';
import type { Binary, Bundle, BundleCertificate, BundleFile } from './bundle.ts';
import type { Component } from './component.ts';
import type { ClusterInputs } from './inputs.ts';
import { compileKubeconfig } from './kubeconfig.ts';
import {
  kubeletBase,
  kubeletConfigPath,
  labelsDropInPath,
  layersOf,
  writeKubeletConfig,
  writeLabels,
} from './kubelet.ts';
import { modulesOf, sharedNodeFiles } from './node-files.ts';

const encoder = new TextEncoder();

/** Compiles workers one by one; what they share is compiled once and shared by reference. */
export type Compiler = (worker: Worker, identity: Identity) => Bundle;

/** Undefined when the components could not be read. A missing identity file or pin is left out of the bundle: rules report it. */
export function createCompiler(cluster: Cluster, inputs: ClusterInputs): Compiler | undefined {
  const { components } = inputs;
  if (!components) return undefined;
  const shared = [
    ...components.flatMap(overlayFiles),
    ...sharedNodeFiles(cluster, inputs, components),
    ...caFiles(components, inputs),
    ...[...inputs.identities.values()].flatMap(identity =>
      identityFiles(cluster, components, inputs, identity, identity.owner),
    ),
  ].map(file => ({ ...file, shared: true }));
  const kubelet = memo(compileKubelet(cluster, components), ({ kubeletConfig, taints }) =>
    JSON.stringify([kubeletConfig, taints]),
  );
  const labels = memo(
    (worker: Worker) => labelFiles(cluster, worker),
    worker => JSON.stringify(worker.labels),
  );
  const binaries = memo(
    (arch: Arch) => binariesOf(cluster, components, inputs, arch),
    arch => arch,
  );
  const modules = modulesOf(components);
  const units = components.flatMap(component => component.units);
  return (worker, identity) => {
    const configuration = kubelet(worker);
    const files = [
      ...shared,
      ...configuration.files,
      ...labels(worker),
      ...identityFiles(cluster, components, inputs, identity, undefined),
    ];
    return {
      cluster: cluster.name,
      worker: worker.name,
      privateIp: worker.privateIp,
      arch: worker.arch,
      files: unique(files),
      absentKeys: absentKeys(components, inputs, identity),
      binaries: binaries(worker.arch),
      units,
      modules,
      certificate: describeCertificate(identity),
      kubelet: configuration.kubelet,
      launch: worker.launch,
    };
  };
}

function memo<A, R>(compute: (argument: A) => R, keyOf: (argument: A) => string): (argument: A) => R {
  const known = new Map<string, R>();
  return argument => {
    const key = keyOf(argument);
    const found = known.get(key) ?? compute(argument);
    known.set(key, found);
    return found;
  };
}

/** Sorted by path, the last of equal paths wins (a rule reports them). */
function unique(files: readonly BundleFile[]): readonly BundleFile[] {
  return [...new Map(files.map(file => [file.path, file])).values()].sort((a, b) => byCodeUnit(a.path, b.path));
}

function overlayFiles(component: Component): readonly BundleFile[] {
  return component.overlay
    .filter(file => file.path !== kubeletConfigPath)
    .map(file => ({
      path: file.path,
      mode: file.mode,
      content: file.bytes,
      component: component.name,
      origin: { file: file.name },
    }));
}

function caFiles(components: readonly Component[], inputs: ClusterInputs): readonly BundleFile[] {
  const { certificate, file } = inputs.ca;
  if (!certificate) return [];
  const content = encoder.encode(certificate.pem);
  return components.flatMap(component =>
    component.identity
      .filter(entry => entry.from === 'ca')
      .map(entry => ({ path: entry.path, mode: entry.mode, content, component: component.name, origin: { file } })),
  );
}

/** Certificate, key and kubeconfig of one identity; `of` is undefined for the worker's own. */
function identityFiles(
  cluster: Cluster,
  components: readonly Component[],
  inputs: ClusterInputs,
  identity: Identity,
  of: string | undefined,
): readonly BundleFile[] {
  return components.flatMap(component =>
    component.identity
      .filter(entry => entry.from !== 'ca' && entry.of === of)
      .flatMap((entry): readonly BundleFile[] => {
        const { path, mode } = entry;
        const file = (content: BundleFile['content'], name: string) => [
          { path, mode, content, component: component.name, origin: { file: name } },
        ];
        switch (entry.from) {
          case 'certificate':
            return identity.certificate
              ? file(encoder.encode(identity.certificate.pem), identity.files.certificate)
              : [];
          case 'key':
            return identity.key ? file(identity.key.pem, identity.files.key) : [];
          default:
            return file(
              encoder.encode(kubeconfigOf(cluster, components, component, inputs, identity, of)),
              identity.files.kubeconfig,
            );
        }
      }),
  );
}

/** Keys that a component asks for and that could not be read, sorted by path. */
function absentKeys(components: readonly Component[], inputs: ClusterInputs, own: Identity): Bundle['absentKeys'] {
  const keyOf = (of: string | undefined) => (of === undefined ? own : inputs.identities.get(of))?.key;
  const absent = components
    .flatMap(component => component.identity)
    .filter(({ from, of }) => from === 'key' && !keyOf(of))
    .map(({ path, mode }) => [path, { path, mode }] as const);
  return [...new Map(absent).values()].sort((a, b) => byCodeUnit(a.path, b.path));
}

function kubeconfigOf(
  cluster: Cluster,
  components: readonly Component[],
  component: Component,
  _inputs: ClusterInputs,
  identity: Identity,
  of: string | undefined,
): string {
  const pathOf = (from: 'ca' | 'certificate' | 'key') =>
    [component, ...components]
      .flatMap(one => one.identity)
      .find(entry => entry.from === from && (from === 'ca' || entry.of === of))?.path ?? '';
  return compileKubeconfig({
    clusterName: cluster.name,
    server: cluster.server,
    user: of === undefined ? `system:node:${identity.owner}` : `system:${of}`,
    paths: { ca: pathOf('ca'), certificate: pathOf('certificate'), key: pathOf('key') },
    ...(identity.kubeconfig ? { from: identity.kubeconfig } : {}),
  });
}

function compileKubelet(cluster: Cluster, components: readonly Component[]) {
  const base = kubeletBase(components);
  const component = components.find(one => one.overlay.some(file => file === base));
  return (worker: Worker): { readonly kubelet: Bundle['kubelet']; readonly files: readonly BundleFile[] } => {
    if (!base || !component) return { kubelet: undefined, files: [] };
    const kubelet = layersOf(base, cluster, worker);
    const file: BundleFile = {
      path: kubelet.path,
      mode: base.mode,
      content: encoder.encode(writeKubeletConfig(kubelet)),
      component: component.name,
      origin: { file: base.name },
    };
    return { kubelet, files: [file] };
  };
}

function labelFiles(cluster: Cluster, worker: Worker): readonly BundleFile[] {
  if (Object.keys(worker.labels).length === 0) return [];
  const content = encoder.encode(writeLabels(worker.labels));
  return [
    {
      path: labelsDropInPath,
      mode: '0600',
      content,
      component: 'kubelet',
      origin: { file: cluster.file, path: ['kubelet', 'labels'] },
    },
  ];
}

function binariesOf(
  cluster: Cluster,
  components: readonly Component[],
  inputs: ClusterInputs,
  arch: Arch,
): readonly Binary[] {
  return components.flatMap(component =>
    component.binaries.flatMap((binary): readonly Binary[] => {
      const version = versionOf(cluster, binary.name);
      const pin = version === undefined ? undefined : inputs.pins?.[binary.name]?.[version]?.[arch];
      if (version === undefined || !pin?.sha256) return [];
      return [
        {
          ...binary,
          component: component.name,
          version,
          urls: pin.url,
          sha256: pin.sha256,
          size: pin.size,
          files: pin.files && onlyMembers(pin.files, binary.members),
        },
      ];
    }),
  );
}

/** `pin` writes down all that an archive holds; what is not installed would be looked for in vain on each boot. */
function onlyMembers(files: Readonly<Record<string, string>>, members: readonly string[] | undefined) {
  return Object.fromEntries(Object.entries(files).filter(([name]) => members?.includes(name) ?? true));
}

function describeCertificate({ certificate }: Identity): BundleCertificate | undefined {
  if (!certificate) return undefined;
  return {
    subject: certificate.subjectText,
    sans: [
      ...certificate.dnsNames.map(name => `DNS:${name}`),
      ...certificate.ipAddresses.map(address => `IP:${address}`),
    ],
    notBefore: new Date(certificate.notBefore).toISOString().replace('.000Z', 'Z'),
    notAfter: new Date(certificate.notAfter).toISOString().replace('.000Z', 'Z'),
    sha256: certificate.sha256,
    publicKeySha256: certificate.publicKeySha256,
  };
}
