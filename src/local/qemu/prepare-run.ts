import { isIP, isIPv4 } from 'node:net';
import { parse } from 'yaml';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { WorkerArtifacts } from '../../emit/emit-worker.ts';
import { readUserData, type UserData } from '../../emit/read-user-data.ts';
import { type BootPhase, bootPhases } from '../../report/report.ts';
import type { Cluster, Worker } from '../../spec/resolve.ts';
import { openBinaries } from '../binaries.ts';
import { binaryCache } from '../binary-cache.ts';
import { instanceOf } from '../instance.ts';
import type { Stored } from '../object-server.ts';
import { newRole } from '../role.ts';
import type { MachineRun } from './boot-machines.ts';
import { unreachable } from './forward.ts';
import { readable, readImage } from './image.ts';
import { type ApiServer, apiServerOf } from './network.ts';
import { isRoot } from './rooms.ts';
import type { Client } from './servers.ts';
import { qemuOf } from './start-machine.ts';
import { findTools, type Tool } from './tools.ts';

/** A worker, with the bytes that `build` writes for it. */
type Subject = {
  readonly cluster: Cluster;
  readonly worker: Worker;
  readonly artifacts: Pick<WorkerArtifacts, 'userData' | 'archive'>;
};

export type Wishes = Pick<
  MachineRun,
  'faults' | 'namespace' | 'timeout' | 'work' | 'kept' | 'program' | 'now' | 'told'
> & {
  readonly subjects: readonly Subject[];
  /** Absolute files. */
  readonly image: string;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly mirror: string | undefined;
  /** Undefined: as far as can be had here. */
  readonly until: BootPhase | undefined;
  readonly signal: AbortSignal;
};

/** Everything that must be there before a machine starts: programs, rights, files, binaries, the way to the api-server. */
export async function prepareRun(wishes: Wishes): Promise<MachineRun> {
  const { subjects, namespace, told, signal } = wishes;
  const [first] = subjects;
  if (!first) throw new RangeError('no worker to boot');
  const { cluster } = first;
  const tools = findTools(
    toolsFor(
      subjects.map(({ worker }) => worker.arch),
      namespace,
    ),
    process.env.PATH ?? '',
  );
  refuseWithoutRights(namespace);
  refuseForeign(subjects);
  const image = readImage(tools['qemu-img'], wishes.image, wishes.work);
  const kernel = kernelOf(wishes, image.bootable);
  const clients = subjects.map(subject => clientOf(subject, wishes.now()));
  const binaries = await binariesFor(clients, wishes);
  signal.throwIfAborted();
  const server = namespace === undefined ? await serverFor(first, told) : undefined;
  const reachable = namespace !== undefined || server !== undefined;
  const until = wishes.until ?? (reachable ? 'done' : 'health');
  if (!reachable && bootPhases.indexOf(until) > bootPhases.indexOf('health'))
    told(`without the api-server the boot cannot come to ${until}.`);
  return { ...wishes, cluster, clients, tools, image, kernel, binaries, server, until };
}

export function toolsFor(archs: readonly Worker['arch'][], namespace: string | undefined): readonly Tool[] {
  const machines = [...new Set(archs.map(qemuOf))];
  const network: readonly Tool[] = isRoot()
    ? ['dnsmasq', ...(namespace === undefined ? (['unshare'] as const) : [])]
    : ['unshare'];
  return [...machines, 'qemu-img', 'ip', 'setpriv', ...network];
}

/** Throws MACHINE_NOT_ALLOWED. */
export function refuseWithoutRights(namespace: string | undefined): void {
  if (process.platform !== 'linux')
    throw new OperationError(
      'MACHINE_NOT_ALLOWED',
      `a local machine’s network needs Linux’s namespaces, and this is ${process.platform}.`,
      '`firstboot rehearse` runs the boot program everywhere; or run this in a Linux machine.',
    );
  if (namespace !== undefined && !isRoot())
    throw new OperationError(
      'MACHINE_NOT_ALLOWED',
      '--namespace needs root.',
      'without it an ordinary user gets a network of their own.',
    );
}

function refuseForeign(subjects: readonly Subject[]): void {
  const foreign = subjects.find(({ worker }) => worker.arch === 'arm64');
  if (foreign)
    throw new OperationError(
      'MACHINE_NOT_ALLOWED',
      `${foreign.worker.name} is an arm64 machine, and local machines are amd64 so far.`,
      '`firstboot rehearse` runs its boot program here.',
    );
}

export function kernelOf(
  { image, kernel, initrd }: Pick<Wishes, 'image' | 'kernel' | 'initrd'>,
  bootable: boolean,
): MachineRun['kernel'] {
  for (const file of [kernel, initrd]) if (file !== undefined) readable(file);
  if (kernel !== undefined) return { file: kernel, initrd };
  if (bootable) return undefined;
  throw new OperationError(
    'MACHINE_IMAGE_UNREADABLE',
    `${image} has no boot sector: it is a bare file system, or an archive of an image.`,
    'give --kernel and --initrd for a file system; unpack an archive (.xz, .tar.gz) first.',
  );
}

function clientOf({ cluster, worker, artifacts }: Subject, now: number): Client {
  const instance = instanceOf(cluster, worker, artifacts.userData, newRole(now));
  return { instance, manifest: readUserData(artifacts.userData).manifest, archive: artifacts.archive };
}

/** All of them, before a machine starts that would wait for one. */
async function binariesFor(clients: readonly Client[], { mirror, told, signal }: Wishes): Promise<readonly Stored[]> {
  const wanted = clients.flatMap(({ manifest, instance: { arch } }) =>
    manifest.binaries.map(one => ({ ...one, arch })),
  );
  const opened = openBinaries(wanted, { mirror, cache: binaryCache() }, ({ kind, binary, version }) =>
    told(`${kind} ${binary} ${version}`),
  );
  const { stored, missing } = await Promise.race([opened, abortedWith(signal)]);
  if (missing.length === 0) return stored;
  throw new OperationError(
    'MACHINE_BINARY_MISSING',
    `${missing.map(({ binary, version, reason }) => `${binary} ${version} cannot be had: ${reason}`).join('; ')}.`,
    '--mirror DIR takes binaries from a folder: DIR/<binary>/<version>/<arch>/<last part of the URL>.',
  );
}

function abortedWith(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function serverFor({ cluster, artifacts }: Subject, told: (line: string) => void): Promise<ApiServer | undefined> {
  return reachServer(cluster.server, authorityOf(readUserData(artifacts.userData)), told);
}

/** The api-server to forward to; undefined, after saying so, when the machine will not reach it. */
export async function reachServer(
  url: string,
  authority: string | undefined,
  told: (line: string) => void,
): Promise<ApiServer | undefined> {
  const server = apiServerOf(url);
  const reason = notForwarded(server) ?? (await unreachable(server, authority));
  if (reason === undefined) return server;
  told(`the api-server ${url} cannot be reached from here (${reason}): no Node will register.`);
  return undefined;
}

function notForwarded({ host }: ApiServer): string | undefined {
  if (isIPv4(host) || (isRoot() && isIP(host) === 0)) return undefined;
  return isIP(host) === 0 ? 'a name needs root, for a DNS server' : 'IPv6 is not forwarded';
}

/** The file that the worker’s kubeconfig names. */
function authorityOf(userData: UserData): string | undefined {
  return textIn(userData, kubeconfigIn(userData)?.['certificate-authority']);
}

/** What the worker’s kubeconfig says of its cluster. */
export function clusterIn(
  userData: UserData,
): { readonly server: string; readonly authority: string | undefined } | undefined {
  const server = kubeconfigIn(userData)?.server;
  return server === undefined ? undefined : { server, authority: authorityOf(userData) };
}

function kubeconfigIn(userData: UserData) {
  const parsed = parse(textIn(userData, userData.manifest.kubelet?.kubeconfig) ?? '') as Kubeconfig | null;
  return parsed?.clusters?.[0]?.cluster;
}

function textIn({ files }: UserData, path: string | undefined): string | undefined {
  const found = files.find(file => file.path === path);
  return found && Buffer.from(found.content).toString();
}

type Kubeconfig = {
  readonly clusters?: readonly {
    readonly cluster?: { readonly server?: string; readonly 'certificate-authority'?: string };
  }[];
};
