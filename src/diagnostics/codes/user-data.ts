import { withCommas } from '../../tree/count.ts';
import type { CodeEntry } from '../codes.ts';

type Entries = Record<`USER_DATA_${string}`, CodeEntry>;
const count = (n: number) => withCommas(n);

/** What cloud-init is given, and the user's own part of it (`cloudInit`). */
export const userDataCodes = {
  USER_DATA_TOO_LARGE: {
    severity: 'error',
    title: 'User-data does not fit',
    message: (a: { worker: string; size: number; limit: number; parts: readonly string[] }) =>
      `the user-data of ${a.worker} has ${count(a.size)} bytes after compression, ${count(a.size - a.limit)} more than EC2 takes (${count(a.limit)}); before it: ${a.parts.join(', ')}.`,
    hint: 'make `cloudInit` smaller: what is large belongs in a component, whose files move to the archive by themselves, or is fetched as a binary of one.',
    explain:
      'EC2 takes 16,384 bytes of user-data. Files of components were already moved to the archive, largest first; what is left must travel here: boot program, manifest, and your own cloud-config.',
  },
  USER_DATA_OVERFLOW: {
    severity: 'warning',
    title: 'Files were moved from user-data to the archive',
    message: (a: { worker: string; limit: number; moved: readonly string[] }) =>
      `the user-data of ${a.worker} would exceed ${count(a.limit)} bytes, so these travel in the archive: ${a.moved.join(', ')}.`,
    hint: 'nothing needs to be done; smaller files keep everything readable in user-data.yaml.',
    explain:
      'The archive is fetched from S3 and checked before anything is installed, so files in it arrive as well. They can no longer be read with DescribeInstanceAttribute.',
  },
  USER_DATA_KEY_OURS: {
    severity: 'error',
    title: 'A cloud-config key that would break the first boot',
    message: (a: { key: string; why: string; instead: string }) => `cloudInit cannot set ${a.key}: ${a.why}.`,
    hint: (a: { instead: string }) => a.instead,
    explain:
      'Your cloud-config is merged into firstboot’s, and yours wins. These keys are what the first boot stands on, so they are not yours to set.',
  },
  USER_DATA_POWER_STATE: {
    severity: 'error',
    title: 'cloud-init would switch the machine off',
    message: (a: { mode: string }) =>
      `power_state (${a.mode}) stops the machine at the end of cloud-init, while firstboot still works.`,
    hint: 'remove power_state; a component’s unit can reboot the machine when it must.',
    explain:
      'The first boot goes on beside cloud-init: a power-off in the middle leaves a worker that never registers, or an instance that is terminated.',
  },
  USER_DATA_METADATA_BLOCKED: {
    severity: 'error',
    title: 'cloud-init would block instance metadata',
    message: () =>
      'disable_ec2_metadata makes instance metadata unreachable, and with it the role that fetches the secrets.',
    hint: 'remove it; to keep pods from metadata, let the hop limit of the instance be 1.',
    explain:
      'cc_disable_ec2_metadata adds a reject route to 169.254.169.254. The node learns there who it is, and gets its credentials.',
  },
  USER_DATA_SWAP: {
    severity: 'error',
    title: 'Swap, which the kubelet refuses',
    message: () => 'swap is set up, but failSwapOn is true: the kubelet does not start where there is swap.',
    hint: 'remove swap, or set `failSwapOn: false` in kubelet.config.',
    explain: 'The kubelet exits with “running with swap on is not supported, please disable swap”.',
  },
  USER_DATA_SHAPE: {
    severity: 'error',
    title: 'A cloud-config value of the wrong shape',
    message: (a: { key: string; expected: string; found: string }) =>
      `${a.key} should be ${a.expected}, but is ${a.found}.`,
    hint: 'see the module’s page in cloud-init’s documentation.',
    explain:
      'cloud-init logs a schema warning, skips the value or fails the module; firstboot’s own part of the same list would be lost with it.',
  },
  USER_DATA_COMMANDS_EMPTY: {
    severity: 'error',
    title: 'An empty list of commands',
    message: (a: { key: string }) => `${a.key} is an empty list, which every cloud-init’s schema refuses.`,
    hint: (a: { key: string }) => `remove ${a.key}.`,
    explain: 'The schema wants at least one command, and a schema error makes the result of cloud-init “degraded”.',
  },
  USER_DATA_COMMAND_NUMBER: {
    severity: 'error',
    title: 'A command with an argument that is no text',
    message: (a: { key: string; found: string }) => `an argument of ${a.key} is ${a.found}, but arguments are text.`,
    hint: 'put it in quotes.',
    explain:
      'YAML reads 8080 as a number, true as a boolean and an empty item as null. Among arguments that is a schema error, and the boot ends as degraded; in place of a command cloud-init is “unable to shellify” it, and runs none of the list.',
  },
  USER_DATA_COMMAND_MAP: {
    severity: 'error',
    title: 'A command that YAML reads as a map',
    message: (a: { key: string; begins: string }) =>
      `the command that begins with “${a.begins}” in ${a.key} is a map to YAML, because of the “: ” in it.`,
    hint: 'put the command in quotes, or write it as a list of arguments.',
    explain:
      'In YAML `- echo a: b` is a map with the key “echo a”. cloud-init cannot run it, and runs none of the list.',
  },
  USER_DATA_FILE_MODE: {
    severity: 'error',
    title: 'Permissions that are no text',
    message: (a: { path: string; found: string }) =>
      `the permissions of ${a.path} are ${a.found}, but must be octal digits in quotes.`,
    hint: 'write for example `permissions: "0644"`.',
    explain:
      'YAML 1.1 reads 0644 as the number 420 and YAML 1.2 as 644, so a mode without quotes is another mode; the schema refuses numbers.',
  },
  USER_DATA_FILE_OURS: {
    severity: 'error',
    title: 'A file at a path of firstboot’s',
    message: (a: { path: string; what: string }) => `write_files has ${a.path}, which is ${a.what}.`,
    hint: 'choose another path; to change a file of a component, copy its folder to bundles/ beside cluster.yaml.',
    explain:
      'Your entries are written before firstboot’s, so the file would be overwritten, or, deferred, overwrite what was checked here.',
  },
  USER_DATA_FILE_SOURCE: {
    severity: 'error',
    title: 'A file from a URL, which older cloud-inits do not know',
    message: (a: { path: string }) =>
      `the write_files entry ${a.path} has a source, which cloud-init before 24.3 does not know.`,
    hint: 'give its content, or bring the file with a component.',
    explain:
      'An older cloud-init (Debian 12, Ubuntu 24.04 as released) writes an empty file instead, and nobody checks what the URL returns.',
  },
  USER_DATA_USERS_EMPTY: {
    severity: 'error',
    title: 'An empty list of users',
    message: () => 'users is an empty list, which cloud-init 22.4 refuses.',
    hint: 'write `users: [default]`, or leave it out.',
    explain:
      'Newer versions take an empty list for “no users”. Where nobody shall log in, give the default user no key instead.',
  },
  USER_DATA_LOCALE: {
    severity: 'error',
    title: 'A locale that older cloud-inits refuse',
    message: (a: { found: string }) => `locale is ${a.found}, but before cloud-init 25.1 it must be text.`,
    hint: 'write `locale: C.UTF-8`, or leave it out.',
    explain: '`locale: false` (leave the image’s) is new; 22.4.2 and 24.1.3 report a schema error.',
  },
  USER_DATA_KEY_UNKNOWN: {
    severity: 'warning',
    title: 'A cloud-config key that cloud-init does not know',
    message: (a: { key: string; meant: string | undefined }) => `cloud-init knows no key ${a.key}.`,
    hint: (a: { meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : 'remove it; what it should do would not be done.',
    explain: 'Unknown top-level keys are a schema error from cloud-init 24.1 on, and before that silently ignored.',
  },
  USER_DATA_DEPRECATED: {
    severity: 'warning',
    title: 'A deprecated cloud-config key',
    message: (a: { key: string; instead: string }) => `${a.key} is deprecated.`,
    hint: (a: { instead: string }) => a.instead,
    explain:
      'A deprecated key still works, but makes `cloud-init status` say “degraded” (exit code 2) on newer images, Ubuntu 26.04 among them.',
  },
  USER_DATA_WEAKER: {
    severity: 'warning',
    title: 'A cloud-config value that undoes one of firstboot’s',
    message: (a: { key: string; value: string; why: string }) => `${a.key} is ${a.value}: ${a.why}.`,
    hint: 'remove it, unless it is meant.',
    explain:
      'firstboot’s own cloud-config sets these values so that a worker boots fast, the same each time, and closed. Yours win.',
  },
  USER_DATA_JINJA: {
    severity: 'warning',
    title: 'A template that is not filled in',
    message: (a: { key: string }) =>
      `${a.key} looks like a Jinja template, but user-data begins with #cloud-config, so it is taken literally.`,
    hint: 'write the value; what differs between workers belongs in `workers`.',
    explain:
      'cloud-init renders templates only in user-data that begins with `## template: jinja`. firstboot’s does not, since the same text must mean the same on every machine.',
  },
  USER_DATA_CREDENTIAL: {
    severity: 'warning',
    title: 'What looks like a credential in user-data',
    message: (a: { where: string; kind: string }) =>
      `${a.where} holds ${a.kind}, and it travels in user-data, which is not secret.`,
    hint: 'remove it: let the machine fetch it by its role, or the program ask for it.',
    explain:
      'User-data can be read by every process on the node (and every pod that reaches instance metadata), and by whoever may call DescribeInstanceAttribute. The value is not printed here.',
  },
  USER_DATA_SECRET: {
    severity: 'error',
    title: 'A private key in what travels as user-data',
    message: (a: { where: string; kind: string }) =>
      `${a.where} holds ${a.kind}, and it would travel in user-data, which is not secret.`,
    hint: 'remove it; a worker’s key travels in the archive, by an identity entry `{from: key, …}` of a component.',
    explain:
      'User-data can be read by every process on the node (and every pod that reaches instance metadata), and by whoever may call DescribeInstanceAttribute. A key that was ever in it must be replaced.',
  },
} satisfies Entries;
