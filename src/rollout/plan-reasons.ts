import { kubeletConfigPath, kubeletUnitPath, labelsDropInPath } from '../compile/kubelet.ts';
import { type NodeDescription, sameFile } from '../emit/node-description.ts';
import type { Launch } from '../spec/resolve.ts';
import type { Reason } from './plan.ts';
import { listed } from './plan-words.ts';

/** Fields of a launch as people call them. */
const launchNames: Readonly<Record<keyof Launch, string>> = {
  image: 'image',
  instanceTypes: 'instance types',
  subnet: 'subnet',
  securityGroups: 'security groups',
  instanceProfile: 'instance profile',
  spot: 'spot',
  eni: 'network interface',
  volume: 'root volume',
  terminationProtection: 'termination protection',
  tags: 'tags',
};

/** Launch parameters that differ. `typeGone`: that the instance’s own type is not in the list any more was said already. */
export function launchReasons(before: Launch, after: Launch, typeGone: boolean): readonly Reason[] {
  const changed = (Object.keys(launchNames) as (keyof Launch)[]).filter(
    key => JSON.stringify(sorted(before[key])) !== JSON.stringify(sorted(after[key])),
  );
  const others = changed.filter(key => key !== 'image' && !(typeGone && key === 'instanceTypes'));
  return [
    ...(changed.includes('image')
      ? [{ kind: 'image' as const, text: `image changed to ${after.image ?? 'none'}` }]
      : []),
    ...(others.length > 0
      ? [
          {
            kind: 'launch' as const,
            text: `${listed(
              others.map(key => launchNames[key]),
              4,
            )} changed`,
          },
        ]
      : []),
  ];
}

/** Maps with their keys in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const fileNames: Readonly<Record<string, string>> = {
  [kubeletConfigPath]: 'kubelet configuration',
  [kubeletUnitPath]: 'kubelet unit',
  [labelsDropInPath]: 'node labels',
  '/var/lib/kubelet/kubelet.pem': 'certificate',
  '/var/lib/kubelet/kubeconfig': 'kubeconfig',
  '/var/lib/kubernetes/ca.pem': 'CA',
  '/etc/containerd/config.toml': 'containerd configuration',
};
const mostFiles = 3;

/** What of the node differs, in a clause or a few. */
export function nodeReasons(before: NodeDescription, after: NodeDescription): readonly Reason[] {
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].sort();
  const files = paths.flatMap(path => {
    const [old, now] = [before.files.get(path), after.files.get(path)];
    const name = fileNames[path] ?? path;
    if (old && now) return sameFile(old, now) ? [] : [`${name} changed`];
    return [`${name} ${now ? 'added' : 'removed'}`];
  });
  const texts = [
    ...(before.privateIp === after.privateIp ? [] : [`address ${before.privateIp} -> ${after.privateIp}`]),
    ...binaryTexts(before, after),
    ...(files.length > mostFiles + 1
      ? [...files.slice(0, mostFiles), `${files.length - mostFiles} more files changed`]
      : files),
    ...(same(before.units, after.units) ? [] : ['units changed']),
    ...(same(before.modules, after.modules) ? [] : ['kernel modules changed']),
  ];
  return texts.map(text => ({ kind: 'fingerprint', text }));
}

function binaryTexts(before: NodeDescription, after: NodeDescription): readonly string[] {
  const old = new Map(before.binaries.map(one => [one.name, one]));
  const now = new Set(after.binaries.map(one => one.name));
  return [
    ...after.binaries.flatMap(({ name, version, sha256, target }) => {
      const was = old.get(name);
      if (!was) return [`${name} ${version} added`];
      if (was.version !== version) return [`${name} ${was.version} -> ${version}`];
      return was.sha256 === sha256 && was.target === target ? [] : [`${name} ${version} has another digest or place`];
    }),
    ...before.binaries.filter(({ name }) => !now.has(name)).map(({ name }) => `${name} removed`),
  ];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join('\n') === b.join('\n');
}
