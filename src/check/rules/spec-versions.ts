import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { type Cluster, versionOf } from '../../spec/resolve.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import type { ClusterContext, ClusterRule } from '../context.ts';
import { firstMinor, lastMinor } from '../kubernetes/tables.ts';

/** Versions are given for all that is installed, are known here, and suit each other. */
export const specVersions: ClusterRule = context => [
  ...kubernetesVersion(context.cluster),
  ...containerdVersion(context),
  ...missingVersions(context),
  ...unusedVersions(context),
];

function kubernetesVersion({ file, versions }: Cluster): readonly Finding[] {
  const version = versions.kubernetes ?? '';
  const [major, minor] = numbers(version);
  if (major === 1 && minor !== undefined && firstMinor <= minor && minor <= lastMinor) return [];
  const args = { version, first: `1.${firstMinor}`, last: `1.${lastMinor}` };
  return [finding('SPEC_KUBERNETES_VERSION', { file, path: ['versions', 'kubernetes'] }, args)];
}

/** containerd.io/releases, "Kubernetes support": 1.36 goes with 2.2 and later. Ours needs 2.0 besides, for its config.toml. */
function containerdVersion({
  cluster: { file, versions, components: names },
  inputs,
}: ClusterContext): readonly Finding[] {
  const { containerd, kubernetes = '' } = versions;
  if (containerd === undefined || !names.includes('containerd')) return [];
  const ours = inputs.components?.some(one => one.name === 'containerd' && one.file.startsWith('firstboot:'));
  const [, kubernetesMinor = 0] = numbers(kubernetes);
  const least = kubernetesMinor >= 36 ? ([2, 2] as const) : ours ? ([2, 0] as const) : ([0, 0] as const);
  const [major = 0, minor = 0] = numbers(containerd);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return [];
  const args = { containerd, kubernetes, needs: `${least.join('.')} or later` };
  return [finding('SPEC_CONTAINERD_VERSION', { file, path: ['versions', 'containerd'] }, args)];
}

function missingVersions({ cluster, inputs }: ClusterContext): readonly Finding[] {
  const origin = { file: cluster.file, path: ['versions'], atKey: true };
  return (inputs.components ?? []).flatMap(component =>
    component.binaries
      .filter(({ name }) => versionOf(cluster, name) === undefined)
      .map(({ name }) => finding('SPEC_VERSION_MISSING', origin, { binary: name, component: component.name })),
  );
}

/** Of firstboot's own components, which may be off. */
const ownBinaries = ['kubernetes', 'kubelet', 'kube-proxy', 'containerd', 'runc', 'cni-plugins', 'crictl'];

function unusedVersions({ cluster, inputs }: ClusterContext): readonly Finding[] {
  const { components } = inputs;
  // Of components that could not be read the binaries are not known.
  if (!components) return [];
  const binaries = components.flatMap(component => component.binaries.map(({ name }) => name));
  const lacking = binaries.filter(name => versionOf(cluster, name) === undefined);
  return Object.keys(cluster.versions)
    .filter(name => !binaries.includes(name) && !ownBinaries.includes(name))
    .map(name =>
      finding(
        'SPEC_VERSION_UNUSED',
        { file: cluster.file, path: ['versions', name], atKey: true },
        { binary: name, meant: didYouMean(name, lacking) ?? didYouMean(name, ['kubernetes', ...binaries]) },
      ),
    );
}

function numbers(version: string): readonly (number | undefined)[] {
  return (/^(\d+)(?:\.(\d+))?/.exec(version)?.slice(1) ?? []).map(part =>
    part === undefined ? undefined : Number(part),
  );
}
