import type { CodeEntry } from '../codes.ts';

type Entries = Record<`UNIT_${string}`, CodeEntry>;

/** kubelet.service: what it must wait for, and what its command line says. */
export const kubeletUnitCodes = {
  UNIT_RUNTIME_ORDER: {
    severity: 'error',
    title: 'The kubelet’s unit does not wait for the container runtime',
    message: (a: { unit: string; runtime: string; missing: readonly string[] }) =>
      `${a.unit} lacks ${a.missing.map(directive => `${directive}=${a.runtime}`).join(' and ')}.`,
    hint: (a: { runtime: string; missing: readonly string[] }) =>
      `add ${a.missing.map(directive => `\`${directive}=${a.runtime}\``).join(' and ')} to [Unit].`,
    explain:
      'Requires= starts the runtime with the kubelet, After= makes the kubelet wait until it is up; one without the other is half. Without both the kubelet runs into a missing socket at every boot and exits.',
  },
  UNIT_MOUNT_NAMESPACE: {
    severity: 'error',
    title: 'The kubelet would mount volumes where no container sees them',
    message: (a: { unit: string; key: string }) => `${a.unit} has ${a.key}=, which gives it mounts of its own.`,
    hint: (a: { key: string }) => `remove ${a.key}=.`,
    explain:
      'Such directives run the service in a mount namespace of its own. The kubelet mounts volumes for containers that are outside: pods start with empty secrets and volumes, and unmounting hangs.',
  },
  UNIT_USER: {
    severity: 'error',
    title: 'The kubelet does not run as root',
    message: (a: { unit: string; user: string }) => `${a.unit} has User=${a.user}.`,
    hint: 'remove User=.',
    explain: 'The kubelet mounts, makes cgroups and reads a key that is root’s alone, so it must be root.',
  },
  UNIT_KUBELET_REPLACED: {
    severity: 'error',
    title: 'The kubelet’s unit does not run the kubelet',
    message: (a: { unit: string; program: string }) =>
      `ExecStart= of ${a.unit} runs ${a.program}, which is no kubelet.`,
    hint: 'remove the ExecStart=, or let it run /usr/local/bin/kubelet with --config and --kubeconfig.',
    explain:
      'An ExecStart= of a drop-in, after an empty one, replaces that of the unit. The unit would be active and green while no kubelet runs, so the node never registers.',
  },
  UNIT_KUBELET_FLAG: {
    severity: 'error',
    title: 'The kubelet does not read what is made for it',
    message: (a: { unit: string; flag: string; found: string | undefined; expected: string }) =>
      `${a.unit} has ${a.found === undefined ? `no --${a.flag}` : `--${a.flag}=${a.found}`}, but the bundle’s is ${a.expected}.`,
    hint: (a: { flag: string; expected: string }) => `write --${a.flag}=${a.expected} in ExecStart=.`,
    explain:
      'Without --config the kubelet runs on its defaults: no client CA, no cluster DNS. Without --kubeconfig it runs standalone and never registers.',
  },
  UNIT_NO_CONFIG_DIR: {
    severity: 'warning',
    title: 'The kubelet does not read the node’s own drop-in',
    message: (a: { unit: string }) => `${a.unit} has no --config-dir.`,
    hint: 'add --config-dir=/etc/kubernetes/kubelet.conf.d to ExecStart=.',
    explain:
      'Which instance this is and whether the machine has systemd-resolved is known only at boot: providerID and resolvConf are written into that folder. Without it the Node has no providerID, so no controller can tell its instance.',
  },
  UNIT_HOSTNAME_OVERRIDE: {
    severity: 'error',
    title: 'The kubelet is told another name',
    message: (a: { unit: string; value: string }) =>
      `${a.unit} has --hostname-override=${a.value}, but a worker’s name is its hostname.`,
    hint: 'remove the flag: firstboot sets the hostname, which the certificate names.',
    explain:
      'One unit serves all workers, so all would register under one name; and the certificate’s CN, system:node:<worker>, would not fit. CIS 4.2.8 asks for no override.',
  },
  UNIT_FLAG_UNKNOWN: {
    severity: 'error',
    title: 'A flag that this kubelet does not know',
    message: (a: {
      unit: string;
      flag: string;
      version: string;
      removed: string | undefined;
      added: string | undefined;
      meant: string | undefined;
    }) =>
      a.removed
        ? `the flag --${a.flag} is gone since ${a.removed}; versions.kubernetes is ${a.version}.`
        : a.added
          ? `the kubelet of ${a.version} has no flag --${a.flag}: ${a.added} brings it.`
          : `the kubelet of ${a.version} has no flag --${a.flag}.`,
    hint: (a: { removed: string | undefined; added: string | undefined; meant: string | undefined }) =>
      a.removed || a.added
        ? 'remove it; most have become fields of the KubeletConfiguration.'
        : a.meant
          ? `did you mean --${a.meant}?`
          : 'remove it.',
    explain:
      'The kubelet exits at once (“unknown flag”), and systemd starts it again every few seconds: the commonest failure after an upgrade.',
  },
  UNIT_FLAG_OVERRIDES: {
    severity: 'warning',
    title: 'A flag overrides the KubeletConfiguration',
    message: (a: { unit: string; flag: string; field: string }) =>
      `the flag --${a.flag} overrides ${a.field} of the KubeletConfiguration.`,
    hint: (a: { field: string }) => `remove it and set ${a.field} in kubelet.config of cluster.yaml.`,
    explain:
      'Flags win over the configuration file, so what the checks see is not what the kubelet does. Upstream deprecates these flags.',
  },
  UNIT_LABELS_UNUSED: {
    severity: 'error',
    title: 'Labels that do not reach the kubelet',
    message: (a: { unit: string; variable: string }) =>
      `labels are set, but ExecStart= of ${a.unit} does not use $${a.variable}.`,
    hint: (a: { variable: string }) =>
      `append $${a.variable} to ExecStart=, without braces or quotes, and add \`Environment=${a.variable}=\`.`,
    explain:
      'Labels can be given by a flag only, so they travel as an environment variable that the command line refers to. In ${…} or quotes an empty value would be an empty argument, which the kubelet refuses.',
  },
} satisfies Entries;
