import { manifestPath } from '../emit/boot-manifest.ts';
import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import { type Manifest, readUserData, type WrittenFile } from '../emit/read-user-data.ts';
import type { Cluster, Worker } from '../spec/resolve.ts';
import { type Instance, instanceOf } from './instance.ts';
import { newRole } from './role.ts';
import { materialise, recordedInstance, writeMachine } from './scratch-root.ts';

/** A worker and the bytes that `build` writes for it. */
export type Subject = {
  readonly cluster: Cluster;
  readonly worker: Worker;
  readonly artifacts: Pick<WorkerArtifacts, 'userData' | 'archive' | 'bundleJson'>;
};

/** The machine that a worker's user-data is given to. */
export type Machine = {
  readonly instance: Instance;
  readonly hostname: string;
  /** Without the binaries that are to be had from nowhere. */
  readonly manifest: Manifest;
  /** What cloud-init writes, in order. */
  readonly files: readonly WrittenFile[];
};

/** `absent`: names of binaries that are left out. `now`: milliseconds since 1970. */
export function machineOf(
  { cluster, worker, artifacts }: Subject,
  now: number,
  absent: readonly string[] = [],
): Machine {
  return machineWith(instanceOf(cluster, worker, artifacts.userData, newRole(now)), absent);
}

/** The machine that an instance is by its user-data. */
export function machineWith(instance: Instance, absent: readonly string[] = []): Machine {
  const { hostname, files, manifest } = readUserData(instance.userData);
  if (absent.length === 0) return { instance, hostname, manifest, files };
  const rest = { ...manifest, binaries: manifest.binaries.filter(({ name }) => !absent.includes(name)) };
  const content = Buffer.from(`${JSON.stringify(rest)}\n`);
  return {
    instance,
    hostname,
    manifest: rest,
    files: files.map(file => (file.path === manifestPath ? { ...file, content } : file)),
  };
}

/**
 * Does in a root what cloud-init does before the boot program starts. Files are written again until the program has recorded
 * this instance: that is what bootcmd of cloud-init/user-data.yaml sees to. Other user-data is another instance on an old disk.
 */
export function startMachine(root: string, { instance, hostname, files }: Machine): 'first boot' | 'reboot' {
  writeMachine(root, hostname, instance.instanceId);
  const isReboot = recordedInstance(root) === instance.instanceId;
  // The manifest is ours to change, when a binary that was left out has come.
  materialise(root, isReboot ? files.filter(file => file.path === manifestPath) : files);
  return isReboot ? 'reboot' : 'first boot';
}
