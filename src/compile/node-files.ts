import { stringify } from 'smol-toml';
import type { Cluster } from '../spec/resolve.ts';
import { sortedEntries } from '../tree/order.ts';
import type { BundleFile } from './bundle.ts';
import type { Component } from './component.ts';
import type { ClusterInputs } from './inputs.ts';

export const modulesPath = '/etc/modules-load.d/firstboot.conf';
export const sysctlsPath = '/etc/sysctl.d/60-firstboot.conf';

const encoder = new TextEncoder();

/** Files that are compiled from the spec or from several components and are the same on every worker. */
export function sharedNodeFiles(
  cluster: Cluster,
  inputs: ClusterInputs,
  components: readonly Component[],
): readonly BundleFile[] {
  const file = (path: string, text: string, field: readonly string[], mode = '0644'): BundleFile => ({
    path,
    mode,
    content: encoder.encode(text),
    component: 'firstboot',
    origin: { file: cluster.file, path: field },
  });
  return [
    ...kernelFiles(components, file),
    ...registryFiles(cluster, inputs, file),
    ...proxyFiles(cluster, components, file),
    ...inputs.nodeCas.map((ca, index) =>
      file(`/usr/local/share/ca-certificates/firstboot-${index}.crt`, ca.pem, ['node', 'ca']),
    ),
  ];
}

type MakeFile = (path: string, text: string, field: readonly string[], mode?: string) => BundleFile;

/** What the kernel needs, for later boots too; the boot program applies the same files on the first. */
function kernelFiles(components: readonly Component[], file: MakeFile): readonly BundleFile[] {
  const modules = modulesOf(components);
  const sysctls = Object.assign({}, ...components.map(component => component.kernel.sysctls)) as Record<string, string>;
  return [
    ...(modules.length > 0 ? [file(modulesPath, `${modules.join('\n')}\n`, ['components'])] : []),
    ...(Object.keys(sysctls).length > 0
      ? [
          file(
            sysctlsPath,
            sortedEntries(sysctls)
              .map(([key, value]) => `${key} = ${value}\n`)
              .join(''),
            ['components'],
          ),
        ]
      : []),
  ];
}

export function modulesOf(components: readonly Component[]): readonly string[] {
  return [...new Set(components.flatMap(component => component.kernel.modules))];
}

/** containerd's hosts.toml, one folder a registry: mirrors in order, the registry itself last (containerd's own rule). */
function registryFiles(cluster: Cluster, inputs: ClusterInputs, file: MakeFile): readonly BundleFile[] {
  return sortedEntries(cluster.registries).flatMap(([host, registry]) => {
    const folder = `/etc/containerd/certs.d/${host}`;
    const ca = inputs.registryCas.get(host);
    const caPath = `${folder}/ca.crt`;
    const trust = ca ? { ca: caPath } : {};
    const hosts = Object.fromEntries(
      registry.mirrors.map(url => [url, { capabilities: ['pull', 'resolve'], ...trust }]),
    );
    const field = ['registries', host];
    return [
      file(
        `${folder}/hosts.toml`,
        `${stringify({ ...trust, ...(registry.mirrors.length > 0 ? { host: hosts } : {}) }).trim()}\n`,
        field,
      ),
      ...(ca ? [file(caPath, ca.pem, field)] : []),
    ];
  });
}

/** The proxy as environment of every service of the node that fetches something. */
function proxyFiles(cluster: Cluster, components: readonly Component[], file: MakeFile): readonly BundleFile[] {
  const { proxy } = cluster.node;
  if (!proxy) return [];
  const noProxy = proxy.noProxy.join(',');
  const text = `[Service]\nEnvironment="HTTPS_PROXY=${proxy.https}" "HTTP_PROXY=${proxy.https}" "NO_PROXY=${noProxy}"\n`;
  return ['containerd.service', 'kubelet.service']
    .filter(unit => components.some(component => component.units.includes(unit)))
    .map(unit =>
      file(`/etc/systemd/system/${unit}.d/10-proxy.conf`, text.replaceAll('%', '%%'), ['node', 'proxy'], '0600'),
    );
}
