import { type InstanceHost, type InstanceOptions, type InstanceWorld, recordHost } from './instance-kind.ts';
import { rehearseHost } from './rehearse.ts';

/** The instances that `--instances` asks for. PYTHON_NEEDED, and whatever a local machine lacks. */
export async function openHost(options: InstanceOptions, world: InstanceWorld, program: URL): Promise<InstanceHost> {
  switch (options.kind) {
    case 'record':
      return recordHost;
    case 'rehearse':
      return rehearseHost(world);
    case 'qemu':
      return (await import('./qemu.ts')).qemuHost(options, world, program);
  }
}
