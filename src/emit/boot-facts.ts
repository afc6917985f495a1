import type { Component } from '../compile/component.ts';
import { dropInFolder } from '../compile/kubelet.ts';
import type { Cluster } from '../spec/resolve.ts';
import { byCodeUnit } from '../tree/order.ts';

/** What the boot manifests of all workers have in common. */
export type BootFacts = {
  /** Folders that may have to be made, with their modes; the boot program's umask is 077. */
  readonly folders: Readonly<Record<string, string>>;
  /** Binary -> unit that may start as soon as it and all before it are in place, while others still download. */
  readonly startAfter: ReadonlyMap<string, string>;
  readonly kubelet: { readonly kubeconfig: string; readonly dropIns: string } | null;
  readonly proxy: Cluster['node']['proxy'];
};

export function bootFacts(cluster: Cluster, components: readonly Component[]): BootFacts {
  return {
    folders: foldersOf(components),
    startAfter: startAfterOf(components),
    kubelet: kubeletOf(components),
    proxy: proxyOf(cluster),
  };
}

/** Every distribution has these already. */
const stock = new Set([
  '/usr',
  '/usr/local',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/local/lib',
  '/var',
  '/var/lib',
  '/etc',
  '/opt',
]);

function foldersOf(components: readonly Component[]): Readonly<Record<string, string>> {
  const targets = components.flatMap(({ binaries }) =>
    binaries.map(({ install, unpack }) => unpack ?? install?.slice(0, install.lastIndexOf('/')) ?? ''),
  );
  const folders = targets.flatMap(target => {
    const parts = target.split('/').slice(1);
    return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  });
  const made = [...new Set(folders)].filter(folder => folder !== '/' && !stock.has(folder));
  return Object.fromEntries(made.sort(byCodeUnit).map(folder => [folder, '0755']));
}

/** A component without an identity that others require (containerd) needs no secret to start, and takes long to. */
function startAfterOf(components: readonly Component[]): ReadonlyMap<string, string> {
  return new Map(
    components.flatMap(({ name, identity, binaries, units }) => {
      const [unit] = units;
      const last = binaries.at(-1);
      const required = components.some(component => component.requires.includes(name));
      return required && identity.length === 0 && unit && last ? [[last.name, unit] as const] : [];
    }),
  );
}

function kubeletOf(components: readonly Component[]): BootFacts['kubelet'] {
  const entry = components
    .flatMap(component => component.identity)
    .find(one => one.from === 'kubeconfig' && one.of === undefined);
  const dropIns = dropInFolder(components);
  return entry && dropIns ? { kubeconfig: entry.path, dropIns } : null;
}

/** The boot program matches hosts and domains, not ranges, so the api-server is named. */
function proxyOf({ node: { proxy }, server }: Cluster): Cluster['node']['proxy'] {
  return proxy && { ...proxy, noProxy: [...new Set([...proxy.noProxy, new URL(server).hostname])] };
}
