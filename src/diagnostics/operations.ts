import { awsOperations } from './operations/aws.ts';
import { kubeOperations } from './operations/kube.ts';
import { localOperations } from './operations/local.ts';
import { planOperations } from './operations/plan.ts';
import { rolloutOperations } from './operations/rollout.ts';
import { stageOperations } from './operations/stage.ts';

/** What an operation can fail with: the input is right, the world is not. Codes are permanent, as those of diagnostics. */
export const operations = {
  OUTPUT_NOT_WRITTEN: {
    title: 'The build cannot be written',
    explain:
      'A build is written beside its final place and swapped in when all of it is there, so the last build is untouched. The message names the folder and what the system said: a right that is missing, a full disk, a file in the way.',
  },
  OUTPUT_TAKEN: {
    title: 'The build would replace something that is not a build',
    explain:
      'A build replaces OUT/<cluster> as a whole. That folder holds the cluster itself, or files but no manifest.json, so it was not written by a build. Nothing was written.',
  },
  FILE_NOT_WRITTEN: {
    title: 'A file cannot be written',
    explain:
      'Files are written beside their final place and renamed, so what was there is untouched. The message names the file and what the system said.',
  },
  FILE_NOT_READ: {
    title: 'A file cannot be read',
    explain: 'The message names the file and what the system said: no such file, a right that is missing, a folder.',
  },
  REPORT_NOT_FOUND: {
    title: 'There is nothing of the boot program in a console or report',
    explain:
      '`firstboot report` reads a serial console with lines such as `firstboot: {"v": 1, …}`, GetConsoleOutput’s answer, or a report.json. The lines begin once cloud-init has written the files of user-data. On EC2 console output lags by minutes, and only its last 64 KB are kept.',
  },
  FILE_EXISTS: {
    title: 'A file is there already',
    explain: '`firstboot init` writes into a folder that has none of its files; it never overwrites one.',
  },
  PIN_NOT_FILLED: {
    title: 'A binary cannot be had to be pinned',
    explain:
      'None of the URLs of a pin answered with the file, or the mirror folder lacks it, or what is there is a program for another architecture than the one it is listed under. A mirror is laid out DIR/<binary>/<version>/<arch>/<last part of the URL>. pins.yaml is written only when all its entries could be filled.',
  },
  PKI_ISSUE_REFUSED: {
    title: 'Issuing would do harm',
    explain:
      '`firstboot pki issue` issues what is missing and nothing else. It refuses where that would break what is there: certificates without the CA that signed them, a CA without its key or with another, a CA that has expired, a certificate whose key is lost. Nothing was written.',
  },
  PYTHON_NEEDED: {
    title: 'python3 is missing or too old',
    explain:
      'The boot program is Python, since every cloud image with cloud-init has it. To rehearse a worker this machine runs the program itself, with python3 from PATH, 3.9 or later, and nothing but its standard library.',
  },
  ROOT_TAKEN: {
    title: 'The scratch root is somebody’s folder',
    explain:
      'A rehearsal writes into a folder that is empty or not there yet, or into the root of an earlier rehearsal, which has a file .firstboot-rehearsal (while it is in use, with the number of the process). Nothing was written.',
  },
  ROOT_NOT_WRITTEN: {
    title: 'The scratch root cannot be written',
    explain:
      'The message names the folder and what the system said: a right that is missing, a full disk, a file in the way, or an entry of write_files whose path is a folder.',
  },
  REHEARSAL_BROKEN: {
    title: 'The boot program ended without saying why',
    explain:
      'A phase that fails says so on the console and in report.json. Here the program itself broke, or something else ended it. The message has the last line that Python said. With --root the folder stays and can be looked at.',
  },
  MACHINE_TOOL_MISSING: {
    title: 'A program that a local machine needs is missing',
    explain:
      '`firstboot boot` runs QEMU, and as root dnsmasq for the network; the message names what is missing, the hint the packages of Debian, Ubuntu and Fedora.',
  },
  MACHINE_NOT_ALLOWED: {
    title: 'A local machine cannot be had here',
    explain:
      'A machine has a network namespace of its own: root may make one, and an ordinary user where the kernel lets them have a user namespace (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns). The message names what was refused.',
  },
  MACHINE_NETWORK_FAILED: {
    title: 'The network of a local machine cannot be made',
    explain:
      'In its namespace a bridge, its addresses, a tap for each machine and the ports of instance metadata and of the objects are made. The message names the step that failed and what the system said; what had been made is taken back.',
  },
  MACHINE_IMAGE_UNREADABLE: {
    title: 'An image or kernel cannot be used',
    explain:
      '`firstboot boot --image` takes a raw or qcow2 disk with cloud-init and never writes to it. A disk with a boot loader boots by itself, a bare file system with --kernel and --initrd; archives are unpacked first.',
  },
  MACHINE_DISK_FOREIGN: {
    title: 'A disk in the work folder belongs to another image',
    explain:
      'A disk in --work holds what differs from the image that it was made over, and means nothing over another one. Give the same image, or another folder.',
  },
  MACHINE_BINARY_MISSING: {
    title: 'A binary of the worker can be had from nowhere',
    explain:
      'A machine’s binaries are made available before it starts: from --mirror, from the cache, or from the URLs of pins.yaml. The message says what each of these said.',
  },
  MACHINE_NOT_STARTED: {
    title: 'QEMU does not start a machine',
    explain: 'The message has the first line of what QEMU said; qemu.log in the work folder has all of it.',
  },
  ...awsOperations,
  ...kubeOperations,
  ...localOperations,
  ...planOperations,
  ...rolloutOperations,
  ...stageOperations,
} as const;

export type OperationCode = keyof typeof operations;
