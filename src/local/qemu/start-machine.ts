import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { invariant } from '../../tree/invariant.ts';
import type { Instance } from '../instance.ts';
import type { Room, Running } from './enter-room.ts';
import { type Image, makeDisk } from './image.ts';
import { type Machine, machineArgv } from './machine.ts';
import type { Tool } from './tools.ts';

/** How long a machine is watched for what KVM cannot do, unless its kernel speaks before: seen to stop after two minutes. */
const kvmTrial = 180_000;
const startPause = 500;

export type Accelerator = Machine['accelerator'];

/** Everything that a machine is made of. */
export type MachineStart = {
  readonly name: string;
  readonly instance: Instance;
  /** Prefix -> prefix: where the boot program fetches from. */
  readonly redirects: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly folder: string;
  readonly image: Image;
  readonly kernel: { readonly file: string; readonly initrd: string | undefined } | undefined;
  /** Size of its disk at least. */
  readonly gibibytes: number;
  /** Value of -netdev. */
  readonly netdev: string;
  readonly accelerator: Accelerator;
  readonly tools: Readonly<Partial<Record<Tool, string>>>;
  /** A line for people, without its end. */
  readonly told: (line: string) => void;
};

/** Starts a machine in its folder: with KVM when asked to and where it works, else emulated. */
export async function startMachine(
  wanted: MachineStart,
  room: Room,
): Promise<{ readonly running: Running; readonly accelerator: Accelerator }> {
  const { name, instance, redirects, folder, image, netdev, told } = wanted;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.rmSync(path.join(folder, 'qmp.sock'), { force: true });
  const disk = path.join(folder, 'disk.qcow2');
  if (makeDisk(toolOf(wanted, 'qemu-img'), image, disk, wanted.gibibytes)) told(sayAgain(wanted));
  fs.writeFileSync(path.join(folder, 'instance-id'), `${instance.instanceId}\n`);
  const start = (accelerator: Accelerator) => {
    const kernel = wanted.kernel && { ...wanted.kernel, root: image.bootable ? '/dev/vda1' : '/dev/vda' };
    const qemu = toolOf(wanted, qemuOf(instance.arch));
    const argv = machineArgv({ qemu, instance, accelerator, kernel, netdev, redirects });
    keepLast(path.join(folder, 'console.log'));
    return room.start({ name, argv, folder, log: path.join(folder, 'qemu.log') });
  };
  if (wanted.accelerator === 'kvm') {
    const running = await start('kvm');
    if (await stays(running, folder, kvmTrial)) return { running, accelerator: 'kvm' };
    running.end();
    await running.ended;
    told(`/dev/kvm is there, but no machine runs with it: ${firstLine(folder)}`);
  }
  told(`${name}: emulated, without KVM: the boot takes minutes`);
  const running = await start('tcg');
  if (await stays(running, folder, startPause)) return { running, accelerator: 'tcg' };
  throw new OperationError(
    'MACHINE_NOT_STARTED',
    `QEMU does not start ${name}: ${logOf(folder).trim() || 'it says nothing'}`,
    'a disk in use belongs to another run of the same --work folder; a kernel or initrd must be for the worker’s architecture.',
  );
}

export function qemuOf(arch: 'amd64' | 'arm64') {
  return arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
}

function toolOf({ tools }: Pick<MachineStart, 'tools'>, name: Tool): string {
  const file = tools[name];
  invariant(file, `${name} was looked for`);
  return file;
}

/**
 * KVM runs machines of this machine's own architecture, for those who may open its device. In some virtual machines the device
 * is there, but the processor's flags lack what it needs, and it stops in the middle of a boot.
 */
export function likelyAccelerator(arch: string, cpuinfo = '/proc/cpuinfo'): Accelerator {
  if (arch !== { x64: 'amd64', arm64: 'arm64' }[process.arch as string]) return 'tcg';
  try {
    if (arch === 'amd64' && !/^flags\b.* (vmx|svm)\b/m.test(fs.readFileSync(cpuinfo, 'utf8'))) return 'tcg';
    fs.closeSync(fs.openSync('/dev/kvm', 'r+'));
    return 'kvm';
  } catch {
    return 'tcg';
  }
}

/** False when QEMU ended, or stopped the machine for what KVM cannot do. */
async function stays(running: Running, folder: string, patience: number): Promise<boolean> {
  let off = false;
  void running.ended.then(() => {
    off = true;
  });
  for (let waited = 0; waited < patience; waited += 100) {
    await sleep(100);
    if (off || troubleIn(folder) !== undefined) return false;
    if (kernelSpoke(folder)) return true;
  }
  return true;
}

function kernelSpoke(folder: string): boolean {
  const file = path.join(folder, 'console.log');
  return fs.existsSync(file) && /\[ *\d+\.\d+\]/.test(fs.readFileSync(file, 'latin1'));
}

/** What KVM says when it cannot go on; QEMU then keeps the machine stopped. */
export function troubleIn(folder: string): string | undefined {
  return /KVM internal error|kvm run failed/.exec(logOf(folder))?.[0];
}

function logOf(folder: string): string {
  return fs.readFileSync(path.join(folder, 'qemu.log'), 'utf8');
}

function firstLine(folder: string): string {
  return logOf(folder).trim().split('\n')[0] || 'it says nothing';
}

/** Other bytes are another instance: then the disk is an image that somebody made of a worker. */
function sayAgain({ instance, name, folder }: MachineStart): string {
  const file = path.join(folder, 'instance-id');
  const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : instance.instanceId;
  const known = `${name} boots again from ${folder}/disk.qcow2`;
  if (before === instance.instanceId) return known;
  return `${known}, which was ${before}; its user-data is another now, so it is as a machine made from that one’s image`;
}

/** The console of the boot before. */
function keepLast(file: string): void {
  if (fs.statSync(file, { throwIfNoEntry: false })?.size) fs.renameSync(file, `${file}.1`);
}
