import type { CodeEntry } from '../codes.ts';
import { containerdCodes } from './bundle-containerd.ts';

type Entries = Record<`BUNDLE_${string}`, CodeEntry>;

/** Components: their folders, what they put where, and what they need of each other. */
export const bundleCodes = {
  BUNDLE_LISTED_TWICE: {
    severity: 'error',
    title: 'A component is listed twice',
    message: (a: { component: string }) => `the component ${a.component} is listed twice.`,
    hint: 'remove one of the two; the order of components comes from their `requires`.',
    explain: 'A component is a folder whose files lie at fixed paths of the node, so a worker can have it once only.',
  },
  BUNDLE_NOT_FOUND: {
    severity: 'error',
    title: 'A component that does not exist',
    message: (a: { component: string; known: readonly string[]; meant: string | undefined }) =>
      `there is no component ${a.component}: neither bundles/${a.component} beside cluster.yaml nor one of firstboot’s own.`,
    hint: (a: { known: readonly string[]; meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : `there is: ${a.known.join(', ')}.`,
    explain:
      'A component is a folder of bundles/ beside cluster.yaml, with a bundle.yaml in it, or one that comes with firstboot (containerd, kubelet, kube-proxy). A folder of the same name replaces firstboot’s.',
  },
  BUNDLE_PATH_INVALID: {
    severity: 'error',
    title: 'A path that cannot be on a node',
    message: (a: { path: string }) =>
      `“${a.path}” cannot be a path on the node: letters, digits and ._@+:~- only, absolute, without \`..\`.`,
    hint: 'rename the file; what the machine needs under another name, a unit of yours can link.',
    explain:
      'systemd, tar and cloud-init quote blanks and special characters each in its own way, so a path has none of them. A path with `..` could leave the folder that it seems to lie in.',
  },
  BUNDLE_FILE_UNREADABLE: {
    severity: 'error',
    title: 'A file of a component cannot be read',
    message: (a: { file: string; reason: string }) => `${a.file} cannot be packed: ${a.reason}.`,
    hint: 'make it a regular file of at most 1 MiB in the component’s own folder; what is larger is a binary with a pin.',
    explain:
      'Files of a component travel in user-data (16,384 bytes) or in the archive. A symbolic link is followed within the component’s folder only, so that a component cannot pack files from elsewhere on the machine that builds.',
  },
  BUNDLE_MODE_UNUSED: {
    severity: 'error',
    title: 'A mode for a file that is not there',
    message: (a: { path: string }) => `modes names ${a.path}, but files${a.path} does not exist.`,
    hint: 'correct the path; `modes` is for overlay files, identity entries have a `mode` of their own.',
    explain:
      'A misspelt path would leave the real file with its default mode, 0644, which everybody on the node may read.',
  },
  BUNDLE_REQUIRES_MISSING: {
    severity: 'error',
    title: 'A component lacks one that it requires',
    message: (a: { component: string; required: string; exists: boolean }) =>
      `${a.component} requires ${a.required}, which ${a.exists ? 'components does not list' : 'does not exist'}.`,
    hint: (a: { required: string; exists: boolean }) =>
      a.exists
        ? `add ${a.required} to components in cluster.yaml.`
        : `add the folder bundles/${a.required}, or correct \`requires\`.`,
    explain:
      'A component says in `requires` whose files and units it needs. Nothing is added behind your back, since each component brings binaries that need versions and pins.',
  },
  BUNDLE_REQUIRES_CYCLE: {
    severity: 'error',
    title: 'Components require each other',
    message: (a: { cycle: readonly string[] }) =>
      `these components require each other in a circle: ${a.cycle.join(' → ')}.`,
    hint: 'remove one of the `requires`.',
    explain: 'Components are installed and started in the order of their `requires`; a circle has no first.',
  },
  BUNDLE_PATH_TAKEN: {
    severity: 'error',
    title: 'Two things at one path of the node',
    message: (a: { path: string; what: string; component: string; otherWhat: string; other: string }) =>
      `${a.path} is ${a.what} of ${a.component}, but also ${a.otherWhat} of ${a.other}.`,
    hint: 'move one of the two; to change a component of firstboot’s, copy its folder to bundles/ and edit that.',
    explain:
      'The later would overwrite the earlier, and which that is depends on the order of components and phases of the boot.',
  },
  BUNDLE_PATH_BELOW_FILE: {
    severity: 'error',
    title: 'A file where another needs a folder',
    message: (a: { path: string; component: string; file: string; other: string }) =>
      `${a.path} of ${a.component} lies below ${a.file}, which is a file of ${a.other}.`,
    hint: 'move one of the two.',
    explain: 'A path is either a file or a folder: the first boot would fail when it writes the second of the two.',
  },
  BUNDLE_PATH_RESERVED: {
    severity: 'error',
    title: 'A path that is not the component’s to write',
    message: (a: { path: string; component: string; why: string }) => `${a.component} puts ${a.path}, ${a.why}.`,
    hint: 'remove the file; what cloud-init manages is set in cluster.yaml (cloudInit, workers, node).',
    explain:
      'firstboot’s own program, its state, the hostname and what cloud-init itself writes or reads must be as the boot expects. Files below /run, /tmp, /proc, /sys and /dev do not outlive a boot or are none.',
  },
  BUNDLE_KEY_MODE: {
    severity: 'error',
    title: 'A private key that others may read',
    message: (a: { path: string; mode: string }) =>
      `the private key ${a.path} has mode ${a.mode}: more than its owner, root, may reach it.`,
    hint: 'write `mode: "0600"` (or "0400").',
    explain: 'Whoever reads a worker’s key is that worker to the api-server. The CIS benchmark asks for 0600.',
  },
  BUNDLE_KUBECONFIG_MODE: {
    severity: 'error',
    title: 'A kubeconfig that others may read',
    message: (a: { path: string; mode: string }) =>
      `the kubeconfig ${a.path} has mode ${a.mode}: more than its owner, root, may reach it.`,
    hint: 'write `mode: "0600"` (or "0400").',
    explain:
      'A kubeconfig says who its holder is to the api-server and where the key lies; whoever may write it sends the kubelet to another server. CIS 4.1.5 asks for 0600.',
  },
  BUNDLE_KEY_FOLDER: {
    severity: 'error',
    title: 'A private key in a folder of the system',
    message: (a: { path: string; folder: string }) =>
      `the private key ${a.path} lies in ${a.folder}, a folder of the system, which would be closed to all but root.`,
    hint: 'give it a folder of its own, such as /var/lib/kubelet.',
    explain:
      'The folder of a private key gets mode 0700. For /etc or /usr/local/bin that breaks every other program of the machine.',
  },
  BUNDLE_IDENTITY_INCOMPLETE: {
    severity: 'error',
    title: 'A kubeconfig without what it points to',
    message: (a: { component: string; path: string; missing: readonly string[] }) =>
      `${a.component} puts the kubeconfig ${a.path}, but no identity entry brings its ${a.missing.join(' and ')}.`,
    hint: 'add entries `{from: ca|certificate|key, path: …, mode: …}`, with the same `of` as the kubeconfig.',
    explain:
      'The kubeconfig on the node names CA, certificate and key by path, so they must be there as files of their own.',
  },
  BUNDLE_FILE_WRITABLE: {
    severity: 'warning',
    title: 'A file that others may write',
    message: (a: { path: string; mode: string }) => `${a.path} has mode ${a.mode}: others than root may change it.`,
    hint: 'take the write permission of group and others away, for example "0644".',
    explain: 'What root executes or reads as configuration, and others may write, gives them root.',
  },
  BUNDLE_UNIT_MISSING: {
    severity: 'error',
    title: 'A unit that nothing provides',
    message: (a: { unit: string; component: string; meant: string | undefined }) =>
      `${a.component} starts ${a.unit}, but no component brings /etc/systemd/system/${a.unit}.`,
    hint: (a: { unit: string; meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : `add files/etc/systemd/system/${a.unit}, or correct the name.`,
    explain:
      'The first boot would fail in its phase “units” (“Unit … not found”). Units that every image has, such as systemd-timesyncd.service, need no file.',
  },
  BUNDLE_UNIT_UNUSED: {
    severity: 'warning',
    title: 'A unit that nothing starts',
    message: (a: { unit: string; component: string }) =>
      `${a.component} brings ${a.unit}, but no \`units\` lists it and no other unit names it.`,
    hint: (a: { unit: string }) => `add ${a.unit} to \`units\` of bundle.yaml, or remove the file.`,
    explain:
      'A file in /etc/systemd/system does nothing by itself: the boot program starts what `units` lists, on every boot.',
  },
  BUNDLE_UNIT_EXECUTABLE: {
    severity: 'warning',
    title: 'A unit is marked executable',
    message: (a: { path: string; mode: string }) => `${a.path} has mode ${a.mode}, though a unit is not executed.`,
    hint: '`chmod -x` it in the checkout, or set its mode in `modes`.',
    explain:
      'systemd logs “Configuration file … is marked executable” at every start. Overlay files get 0755 when they are executable in the checkout.',
  },
  BUNDLE_BINARY_UNUSED: {
    severity: 'warning',
    title: 'A binary that nothing finds',
    message: (a: { binary: string; path: string }) =>
      `${a.binary} is installed as ${a.path}, which no file of a component names and which is not on the path.`,
    hint: 'install it below /usr/local/bin, or correct the path in the unit.',
    explain:
      'Commands are looked for in /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin and /bin; network plugins in /opt/cni/bin.',
  },
  BUNDLE_BINARY_NAME: {
    severity: 'error',
    title: 'One binary in two places',
    message: (a: { binary: string; component: string; path: string; other: string; otherPath: string }) =>
      `${a.component} installs ${a.binary} as ${a.path}, but ${a.other} as ${a.otherPath}.`,
    hint: 'let one component bring it and the other require that component; or give one of the two another name, with a version and a pin of its own.',
    explain:
      'The first boot knows what it has fetched by its digest: with the first place filled, the second could be passed over. And an upgrade would have to find both.',
  },
  BUNDLE_SYSCTL_CONFLICT: {
    severity: 'error',
    title: 'Two components set a sysctl differently',
    message: (a: { sysctl: string; component: string; value: string; other: string; otherValue: string }) =>
      `${a.component} sets ${a.sysctl} to ${a.value}, but ${a.other} to ${a.otherValue}.`,
    hint: 'let one of the two set it.',
    explain: 'The last would win, and the other component would run on a kernel that it is not made for.',
  },
  ...containerdCodes,
} satisfies Entries;
