import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { valueAt } from '../../tree/merge.ts';
import type { ClusterContext, ClusterRule } from '../context.ts';
import { type Containerd, containerdOf, criValue, foreignSections, originOfKey } from './containerd-subject.ts';

/** config.toml is one that this containerd reads, with the CRI plugin, the registries and the network plugins that are there. */
export const containerdConfig: ClusterRule = context => {
  const containerd = containerdOf(context.cluster, context.inputs.components ?? []);
  if (!containerd) return [];
  const { problem, file, version, current } = containerd;
  if (problem)
    return [finding('BUNDLE_CONTAINERD_CONFIG', { file, offset: problem.offset }, { reason: problem.reason })];
  if (version > current) {
    const args = {
      found: String(version),
      containerd: context.cluster.versions.containerd ?? '',
      reads: `${current} at most`,
    };
    return [finding('BUNDLE_CONTAINERD_CONFIG_VERSION', originOfKey(containerd, ['version']), args)];
  }
  return [
    ...foreignSections(containerd).map(({ id, instead }) =>
      finding('BUNDLE_CONTAINERD_PLUGIN', originOfKey(containerd, ['plugins', id]), { plugin: id, version, instead }),
    ),
    ...disabled(containerd),
    ...registries(containerd, context),
    ...network(containerd, context),
  ];
};

function disabled(containerd: Containerd): readonly Finding[] {
  const list = valueAt(containerd.config, ['disabled_plugins']);
  const plugin = Array.isArray(list)
    ? list.map(String).find(id => /^cri$|^io\.containerd\.(grpc\.v1\.cri|cri\.v1\.(runtime|images))$/.test(id))
    : undefined;
  return plugin === undefined
    ? []
    : [finding('BUNDLE_CRI_DISABLED', originOfKey(containerd, ['disabled_plugins']), { plugin })];
}

const hostsFolder = '/etc/containerd/certs.d';

function registries(containerd: Containerd, { cluster }: ClusterContext): readonly Finding[] {
  const { value, keys } = criValue(containerd, 'images', ['registry', 'config_path']);
  const found = typeof value === 'string' && value !== '' ? value : undefined;
  // The path may be a list, as PATH is.
  const isRead = found?.split(':').some(folder => folder.replace(/\/$/, '') === hostsFolder);
  return Object.keys(cluster.registries).length === 0 || isRead
    ? []
    : [finding('BUNDLE_REGISTRIES_UNUSED', originOfKey(containerd, keys), { found, expected: hostsFolder })];
}

function network(containerd: Containerd, { inputs }: ClusterContext): readonly Finding[] {
  const installed = (inputs.components ?? [])
    .flatMap(({ binaries }) => binaries)
    .find(({ name }) => name === 'cni-plugins')?.unpack;
  const one = criValue(containerd, 'runtime', ['cni', 'bin_dir']);
  const several = criValue(containerd, 'runtime', ['cni', 'bin_dirs']);
  const list = Array.isArray(several.value) ? several.value.map(String) : [];
  const folders =
    typeof one.value === 'string' && one.value !== '' ? [one.value] : list.length > 0 ? list : ['/opt/cni/bin'];
  const keys = list.length > 0 ? several.keys : one.keys;
  return installed === undefined || folders.some(folder => folder.replace(/\/$/, '') === installed)
    ? []
    : [finding('BUNDLE_CNI_FOLDER', originOfKey(containerd, keys), { found: folders.join(', '), installed })];
}
