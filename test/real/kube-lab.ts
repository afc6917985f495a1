import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { newFolder } from './cluster.ts';
import { lab, needs, run, succeed } from './lab.ts';

/** A real etcd and kube-apiserver in a network namespace, reached from here over loopback. */
export type KubeLab = {
  /** https://127.0.0.1:PORT */
  readonly server: string;
  readonly pki: string;
  readonly folder: string;
  /** A client configuration with a client certificate of the PKI folder: “admin”, “worker-0”, or one that `sign` made. */
  readonly as: (name: string) => KubeConfig;
  /** Issues a client certificate of this common name and group: no right but those that a role binds to them. */
  readonly sign: (name: string, group: string) => void;
  readonly close: () => Promise<void>;
};

export const kubeNeeds = [needs.root, needs.openssl, needs.binary('etcd'), needs.binary('kube-apiserver')];

const inside = fileURLToPath(new URL('./kube-inside.mjs', import.meta.url));
const script = (name: string) => resolve(import.meta.dirname, '../lab', name);
/** The address of the worker-0 of the lab’s certificates. */
export const kubeletAddress = '10.0.1.20';

export async function openKubeLab(): Promise<KubeLab> {
  const namespace = `firstboot-kube-${process.pid}`;
  const folder = newFolder('kube');
  const [pki, state] = [join(folder, 'pki'), join(folder, 'state')];
  mkdirSync(state, { mode: 0o700 });
  let host: ChildProcess | undefined;
  let door: net.Server | undefined;
  const open = new Set<net.Socket>();
  const close = async () => {
    for (const socket of open) socket.destroy();
    door?.close();
    host?.kill();
    run([script('control-plane.sh'), 'down', state]);
    run([script('net.sh'), 'down', namespace]);
  };
  try {
    succeed([script('pki.sh'), pki]);
    succeed([script('net.sh'), 'up', namespace]);
    succeed(['ip', '-n', namespace, 'addr', 'add', `${kubeletAddress}/24`, 'dev', 'br0']);
    succeed([script('control-plane.sh'), 'up', namespace, join(lab, 'bin'), state, pki]);
    const socket = join(folder, 'api');
    host = await enter(namespace, [inside, socket, pki, kubeletAddress]);
    door = await openDoor(socket, open);
  } catch (error) {
    await close();
    throw error;
  }
  const server = `https://127.0.0.1:${(door.address() as net.AddressInfo).port}`;
  return {
    server,
    pki,
    folder,
    as: name => clientConfig(server, pki, name),
    sign: (name, group) => sign(pki, name, group),
    close,
  };
}

async function enter(namespace: string, args: readonly string[]): Promise<ChildProcess> {
  const [program, ...words] = ['ip', 'netns', 'exec', namespace, process.execPath, ...args] as const;
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(child.stdout as NonNullable<typeof child.stdout>, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('kube-inside.mjs ended');
    }),
  ]);
  return child;
}

async function openDoor(socket: string, open: Set<net.Socket>): Promise<net.Server> {
  const server = net.createServer(outer => {
    const inner = net.connect(socket);
    for (const one of [outer, inner]) {
      open.add(one);
      one.once('close', () => open.delete(one));
    }
    outer.pipe(inner).pipe(outer);
    outer.on('error', () => inner.destroy());
    inner.on('error', () => outer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function clientConfig(server: string, pki: string, name: string): KubeConfig {
  const config = new KubeConfig();
  const inBase64 = (file: string) => readFileSync(join(pki, file)).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'lab', server, caData: inBase64('ca.pem'), skipTLSVerify: false },
    { name, certData: inBase64(`${name}.pem`), keyData: inBase64(`${name}-key.pem`) },
  );
  return config;
}

function sign(pki: string, name: string, group: string): void {
  const file = (suffix: string) => join(pki, `${name}${suffix}`);
  const request = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file('-key.pem'), '-out', file('.csr')];
  succeed(['openssl', 'req', ...request, '-subj', `/O=${group}/CN=${name}`]);
  const authority = ['-CA', join(pki, 'ca.pem'), '-CAkey', join(pki, 'ca-key.pem'), '-CAcreateserial'];
  succeed(['openssl', 'x509', '-req', '-in', file('.csr'), ...authority, '-days', '2', '-out', file('.pem')]);
}
