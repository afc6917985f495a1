import { sha256 } from '../../tree/digest.ts';
import type { Instance } from '../instance.ts';
import type { Argv } from './room-messages.ts';

export type Machine = {
  /** Path of qemu-system-x86_64. */
  readonly qemu: string;
  readonly instance: Instance;
  readonly accelerator: 'kvm' | 'tcg';
  /** Absolute. The kernel's own boot; undefined: the disk's boot loader. */
  readonly kernel: { readonly file: string; readonly initrd: string | undefined; readonly root: string } | undefined;
  /** Value of -netdev, with the id n0. */
  readonly netdev: string;
  /** Prefix -> prefix: where the boot program fetches from. */
  readonly redirects: Readonly<Record<string, string>>;
};

/**
 * QEMU's command line for a machine that cloud-init takes for an EC2 instance. It runs in the machine's folder: paths are
 * relative, since those of Unix sockets may have 107 bytes at most.
 */
export function machineArgv({ qemu, instance, accelerator, kernel, netdev, redirects }: Machine): Argv {
  const uuid = uuidOf(instance.instanceId);
  const product = `manufacturer=Amazon EC2,product=${instance.instanceType},uuid=${uuid},serial=${uuid}`;
  return [
    qemu,
    ...['-name', instance.instanceId],
    ...['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...(kernel ? kernelArgv(kernel) : []),
    ...['-drive', 'file=disk.qcow2,if=virtio,format=qcow2,discard=unmap'],
    ...['-netdev', netdev, '-device', `virtio-net-pci,netdev=n0,mac=${instance.mac}`],
    ...['-device', 'virtio-rng-pci'],
    ...['-smbios', `type=1,${product}`],
    // As on Nitro: the instance ID.
    ...['-smbios', `type=2,manufacturer=Amazon EC2,asset=${instance.instanceId}`],
    ...['-smbios', `type=11,value=${withoutCommas(`firstboot.redirect=${JSON.stringify(redirects)}`)}`],
    ...['-chardev', 'file,id=console,path=console.log', '-serial', 'chardev:console'],
    ...['-chardev', 'socket,id=qmp,path=qmp.sock,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'],
    ...['-pidfile', 'qemu.pid', '-display', 'none', '-nodefaults', '-vga', 'none'],
  ];
}

function kernelArgv({ file, initrd, root }: NonNullable<Machine['kernel']>): readonly string[] {
  // A panic starts anew, as on Ubuntu's cloud images: emulation gets a kernel that patches itself on two processors wrong now
  // and then (Oops: int3).
  const append = `root=${root} rw console=ttyS0 quiet panic=-1`;
  return ['-kernel', file, ...(initrd === undefined ? [] : ['-initrd', initrd]), '-append', append];
}

/** Begins with `ec2`: that is how cloud-init knows the cloud. The same for the same instance. */
function uuidOf(instanceId: string): string {
  const digits = `ec2${sha256(Buffer.from(instanceId)).slice(0, 29)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A comma ends a value on QEMU's command line unless it is doubled. */
function withoutCommas(value: string): string {
  return value.replaceAll(',', ',,');
}
