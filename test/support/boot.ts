import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { parse, stringify } from 'yaml';
import { makeCluster, type RunResult, run, type TestCluster } from './cluster.ts';

/** A cluster with small binaries of the right names in a mirror folder, pinned by `pin --mirror`: it can boot. */
export type BootCluster = TestCluster & {
  /** Absolute; DIR/<binary>/<version>/<arch>/<file>. */
  readonly mirror: string;
  /** Runs `rehearse` with the mirror. */
  readonly rehearse: (worker: string, ...args: readonly string[]) => Promise<RunResult>;
};

/** `bytes`: about the size of each program. `arch`: of all workers. */
export type BootOptions = { readonly bytes?: number; readonly arch?: 'amd64' | 'arm64' };

type Pins = { binaries: Record<string, Record<string, Record<string, { url: string; sha256?: string }>>> };

/** e_machine of an ELF header. */
const machines = { amd64: 0x3e, arm64: 0xb7 };

export async function makeBootCluster({ bytes = 96 << 10, arch = 'amd64' }: BootOptions = {}): Promise<BootCluster> {
  const cluster = await makeCluster();
  const mirror = path.join(cluster.folder, 'mirror');
  const pins = parse(cluster.read('pins.yaml')) as Pins;
  for (const [name, versions] of Object.entries(pins.binaries))
    for (const [version, arches] of Object.entries(versions)) {
      const { url = '' } = arches[arch] ?? {};
      versions[version] = { [arch]: { url } };
      const file = path.join(mirror, name, version, arch, path.basename(url));
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, await released(name, one => fakeProgram(one, arch, bytes)));
    }
  cluster.write('pins.yaml', stringify(pins));
  cluster.spec(spec => {
    for (const worker of Object.values<any>(spec.workers)) worker.arch = arch;
    if (arch === 'arm64') spec.aws.instanceTypes = ['t4g.medium'];
  });
  const pinned = await run(cluster, 'pin', '--mirror', mirror);
  if (pinned.code !== 0) throw new Error(pinned.err);
  return {
    ...cluster,
    mirror,
    rehearse: (worker, ...args) => run(cluster, 'rehearse', worker, '--mirror', mirror, ...args),
  };
}

/** A 64-bit ELF header of an architecture, then bytes that no compression makes smaller; the same for the same name. */
export function fakeProgram(name: string, arch: 'amd64' | 'arm64', bytes: number): Buffer {
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machines[arch], 18);
  header.writeUInt32LE(1, 20);
  const chunks: Buffer[] = [header];
  for (let n = 0; n * 32 < bytes; n++) chunks.push(createHash('sha256').update(`${name} ${n}`).digest());
  return Buffer.concat(chunks);
}

/** As upstream releases it: its layout, its owners, its other files. */
async function released(name: string, program: (name: string) => Buffer): Promise<Buffer> {
  const programs = (prefix: string, names: readonly string[]) => names.map(one => [`${prefix}${one}`, program(one)]);
  const text = (one: string) => [one, Buffer.from(`${one} of ${name}\n`)];
  const members: Readonly<Record<string, readonly unknown[][]>> = {
    containerd: programs('bin/', ['containerd', 'containerd-shim-runc-v2', 'containerd-stress', 'ctr']),
    'cni-plugins': [...programs('./', ['bridge', 'host-local', 'loopback', 'portmap']), text('./LICENSE')],
    crictl: programs('', ['crictl']),
  };
  const found = members[name];
  return found ? tarGz(found as [string, Buffer][]) : program(name);
}

async function tarGz(members: readonly [string, Buffer][]): Promise<Buffer> {
  const tar = pack();
  const header = { mode: 0o775, uid: 1001, gid: 127, mtime: new Date(0) };
  tar.entry({ ...header, name: './', type: 'directory' });
  for (const [name, content] of members) tar.entry({ ...header, name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks), { level: 1 });
}
