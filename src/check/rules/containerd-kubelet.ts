import { parse } from 'yaml';
import type { KubeletConfiguration } from '../../compile/bundle.ts';
import { kubeletBase, layersOf } from '../../compile/kubelet.ts';
import { type Finding, finding, type Note } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { type JsonMap, valueAt } from '../../tree/merge.ts';
import { decodeText } from '../../tree/text.ts';
import type { ClusterContext, ClusterRule, WorkerRule } from '../context.ts';
import { type Containerd, containerdOf, criValue, originOfKey } from './containerd-subject.ts';
import { hasUsableBase } from './kubelet-base.ts';
import { originOf } from './kubelet-origin.ts';
import { text } from './kubelet-subject.ts';
import { commandsOf, flagsIn } from './unit-command.ts';
import { unitSubjects } from './unit-subject.ts';

const fields = ['cgroupDriver', 'containerRuntimeEndpoint'] as const;
type Field = (typeof fields)[number];

/** Kubelet and crictl meet containerd at its socket, and kubelet and containerd manage cgroups alike. */
export const containerdKubelet: ClusterRule = context => {
  const { cluster, inputs } = context;
  const components = inputs.components ?? [];
  const containerd = readable(context);
  if (!containerd) return [];
  const base = hasUsableBase(components) ? kubeletBase(components) : undefined;
  const [worker] = cluster.workers;
  const kubelet = base && worker && layersOf(base, cluster, { ...worker, kubeletConfig: {} });
  const runtime = runtimeOf(containerd, context);
  return [
    ...(kubelet ? judge(runtime, kubelet.config, field => originOf(kubelet, [[field]]), fields) : []),
    ...crictl(runtime, context),
  ];
};

/** The same of a worker that sets one of the two fields itself. */
export const workerContainerdKubelet: WorkerRule = context => {
  const { worker, cluster } = context;
  const own = fields.filter(field => Object.hasOwn(worker.kubeletConfig, field));
  const kubelet: KubeletConfiguration | undefined = own.length > 0 ? context.bundle?.kubelet : undefined;
  const containerd = kubelet && readable(context);
  if (!kubelet || !containerd) return [];
  const at = (field: Field): Origin => ({
    file: cluster.file,
    path: ['workers', worker.name, 'kubelet', 'config', field],
  });
  return judge(runtimeOf(containerd, context), kubelet.config, at, own);
};

/** Every worker is held against the same file, so it is read once. A memo, not a state: it follows from the inputs alone. */
const known = new WeakMap<object, Containerd>();

function readable({ cluster, inputs }: ClusterContext): Containerd | undefined {
  const found = known.get(inputs) ?? containerdOf(cluster, inputs.components ?? []);
  if (found) known.set(inputs, found);
  return found && !found.problem && found.version <= found.current ? found : undefined;
}

type Runtime = { readonly containerd: Containerd; readonly socket: string; readonly socketOrigin: Origin };

function runtimeOf(containerd: Containerd, context: ClusterContext): Runtime {
  const command = unitSubjects(context)
    .flatMap(commandsOf)
    .find(({ program, key }) => key === 'ExecStart' && program.endsWith('/containerd'));
  const flag = flagsIn(command?.words ?? []).findLast(({ name }) => name === 'address')?.value;
  if (command && flag)
    return { containerd, socket: flag, socketOrigin: { file: command.line.file, offset: command.line.offset } };
  // Version 4 moved [grpc] to a plugin of its own.
  const server = ['plugins', 'io.containerd.server.v1.grpc', 'address'];
  const keys =
    containerd.version < 4 && valueAt(containerd.config, ['grpc', 'address']) !== undefined
      ? ['grpc', 'address']
      : server;
  const value = valueAt(containerd.config, keys);
  const socket = typeof value === 'string' && value !== '' ? value : '/run/containerd/containerd.sock';
  return { containerd, socket, socketOrigin: originOfKey(containerd, keys) };
}

function judge(
  runtime: Runtime,
  config: JsonMap,
  at: (field: Field) => Origin,
  judged: readonly Field[],
): readonly Finding[] {
  return judged.flatMap(field =>
    field === 'cgroupDriver' ? cgroups(runtime, config, at(field)) : sockets(runtime, config, at(field)),
  );
}

/** The runtime that pods get unless they ask for another. */
function cgroups({ containerd }: Runtime, config: JsonMap, origin: Origin): readonly Finding[] {
  const named = criValue(containerd, 'runtime', ['containerd', 'default_runtime_name']).value;
  const runtime = typeof named === 'string' && named !== '' ? named : 'runc';
  const systemd = criValue(containerd, 'runtime', ['containerd', 'runtimes', runtime, 'options', 'SystemdCgroup']);
  const driver = systemd.value === true ? 'systemd' : 'cgroupfs';
  const kubelet = text(config, 'cgroupDriver', 'cgroupfs');
  if (kubelet === driver) return [];
  const note: Note = { message: 'containerd’s side', origin: originOfKey(containerd, systemd.keys) };
  const args = { kubelet, containerd: driver, runtime, set: systemd.value !== undefined };
  return [finding('BUNDLE_CGROUP_DRIVER', origin, args, [note])];
}

/** An endpoint that is not set, or of another scheme, is a matter of the kubelet's own values. */
function sockets({ socket, socketOrigin }: Runtime, config: JsonMap, origin: Origin): readonly Finding[] {
  const kubelet = text(config, 'containerRuntimeEndpoint');
  if (kubelet === '' || socketPath(kubelet) === socketPath(socket)) return [];
  const note: Note = { message: `containerd listens at ${socket}`, origin: socketOrigin };
  return [finding('BUNDLE_RUNTIME_SOCKET', origin, { kubelet, containerd: socket }, [note])];
}

/** /var/run is a link to /run. */
function socketPath(endpoint: string): string {
  return endpoint.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/');
}

function crictl({ socket, socketOrigin }: Runtime, { inputs }: ClusterContext): readonly Finding[] {
  const file = (inputs.components ?? [])
    .flatMap(({ overlay }) => overlay)
    .find(({ path }) => path === '/etc/crictl.yaml');
  const endpoint = file && valueAt(readYaml(file.bytes), ['runtime-endpoint']);
  if (!file || typeof endpoint !== 'string' || socketPath(endpoint) === socketPath(socket)) return [];
  const note = { message: `containerd listens at ${socket}`, origin: socketOrigin };
  return [
    finding(
      'BUNDLE_CRICTL_SOCKET',
      { file: file.name, path: ['runtime-endpoint'] },
      { crictl: endpoint, containerd: socket },
      [note],
    ),
  ];
}

function readYaml(bytes: Uint8Array): unknown {
  const decoded = decodeText(bytes);
  try {
    return decoded.ok ? parse(decoded.text, { logLevel: 'error' }) : undefined;
  } catch {
    return undefined;
  }
}
