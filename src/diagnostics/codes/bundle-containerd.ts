import type { CodeEntry } from '../codes.ts';

type Entries = Record<`BUNDLE_${string}`, CodeEntry>;

/** containerd's config.toml, and where it must agree with the kubelet. */
export const containerdCodes = {
  BUNDLE_CONTAINERD_CONFIG: {
    severity: 'error',
    title: 'containerd’s configuration cannot be read',
    message: (a: { reason: string }) => `this is not a configuration of containerd: ${a.reason}.`,
    hint: 'mend the line that the place points at; `containerd config dump` on a machine shows what it reads.',
    explain: 'containerd would exit at once (“failed to load TOML”), and the kubelet would have no runtime.',
  },
  BUNDLE_CONTAINERD_CONFIG_VERSION: {
    severity: 'error',
    title: 'A version of config.toml that this containerd does not read',
    message: (a: { found: string; containerd: string; reads: string }) =>
      `config.toml says version ${a.found}, but containerd ${a.containerd} reads ${a.reads}.`,
    hint: 'write the version that this containerd has itself (`containerd config default` shows it), with its plugin names; or raise versions.containerd.',
    explain:
      'containerd migrates older versions when it starts, but refuses newer ones (“expected containerd config version equal to or less than …”): 1.x has version 2, 2.0 to 2.2 have 3, 2.3 has 4.',
  },
  BUNDLE_CONTAINERD_PLUGIN: {
    severity: 'error',
    title: 'A plugin section that this version of config.toml does not know',
    message: (a: { plugin: string; version: number; instead: string }) =>
      `in a config.toml of version ${a.version} there is no plugin “${a.plugin}”: what it sets would be ignored.`,
    hint: (a: { instead: string }) => `write ${a.instead}.`,
    explain:
      'Since containerd 2 the CRI plugin (io.containerd.grpc.v1.cri) is two: io.containerd.cri.v1.runtime and io.containerd.cri.v1.images. Old names are carried over only in a file of an older version than containerd’s own; else what they set is ignored with a warning, so SystemdCgroup or config_path would do nothing.',
  },
  BUNDLE_CGROUP_DRIVER: {
    severity: 'error',
    title: 'Kubelet and containerd manage cgroups differently',
    message: (a: { kubelet: string; containerd: string; runtime: string; set: boolean }) =>
      `the kubelet’s cgroupDriver is ${a.kubelet}, but SystemdCgroup of the runtime ${a.runtime} is ${a.set ? '' : 'not set, so '}${a.containerd === 'systemd'}, which is ${a.containerd}.`,
    hint: 'write `SystemdCgroup = true` below runtimes.runc.options in config.toml, and leave cgroupDriver at systemd.',
    explain:
      'With two drivers systemd and the runtime both write the same cgroups: pods fail to start (“expected cgroupsPath to be of format slice:prefix:name”) or are killed when memory is short. On cgroup v2 with systemd the driver must be systemd.',
  },
  BUNDLE_RUNTIME_SOCKET: {
    severity: 'error',
    title: 'Kubelet and containerd meet at different sockets',
    message: (a: { kubelet: string; containerd: string }) =>
      `the kubelet’s containerRuntimeEndpoint is ${a.kubelet}, but containerd listens at ${a.containerd}.`,
    hint: (a: { containerd: string }) =>
      `write \`containerRuntimeEndpoint: unix://${a.containerd}\`, or correct [grpc] address.`,
    explain:
      'The kubelet would exit after a few seconds (“failed to validate CRI v1 runtime API for endpoint”), again and again.',
  },
  BUNDLE_CRICTL_SOCKET: {
    severity: 'warning',
    title: 'crictl asks at another socket than containerd’s',
    message: (a: { crictl: string; containerd: string }) =>
      `crictl.yaml names ${a.crictl}, but containerd listens at ${a.containerd}.`,
    hint: (a: { containerd: string }) => `write \`runtime-endpoint: unix://${a.containerd}\`.`,
    explain: 'crictl is for the one who looks for an error on the machine; it would find nothing.',
  },
  BUNDLE_CRI_DISABLED: {
    severity: 'error',
    title: 'containerd’s CRI plugin is switched off',
    message: (a: { plugin: string }) => `disabled_plugins holds “${a.plugin}”, the plugin that the kubelet talks to.`,
    hint: 'remove it from disabled_plugins.',
    explain:
      'Docker’s package of containerd ships a config.toml with `disabled_plugins = ["cri"]`, since Docker does not need it. The kubelet would exit (“unknown service runtime.v1.RuntimeService”).',
  },
  BUNDLE_REGISTRIES_UNUSED: {
    severity: 'error',
    title: 'Registries are given, but containerd does not look at them',
    message: (a: { found: string | undefined; expected: string }) =>
      `registries are given, but config_path of containerd’s registry section is ${a.found ?? 'not set'}, not ${a.expected}.`,
    hint: (a: { expected: string }) =>
      `write \`config_path = '${a.expected}'\` below plugins.'io.containerd.cri.v1.images'.registry.`,
    explain:
      'Mirrors and CAs are written as hosts.toml below /etc/containerd/certs.d; containerd reads them only when config_path says so.',
  },
  BUNDLE_CNI_FOLDER: {
    severity: 'warning',
    title: 'containerd looks for network plugins elsewhere',
    message: (a: { found: string; installed: string }) =>
      `the CNI plugins are unpacked to ${a.installed}, but containerd looks in ${a.found}.`,
    hint: (a: { installed: string }) =>
      `write \`bin_dirs = ['${a.installed}']\` below plugins.'io.containerd.cri.v1.runtime'.cni.`,
    explain: 'Every pod would stay in ContainerCreating (“failed to find plugin "loopback" in path”).',
  },
} satisfies Entries;
