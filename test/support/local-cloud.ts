import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import type { AwsSide } from '../../src/commands/aws-side.ts';
import { type CompiledWorker, compileWorkers } from '../../src/commands/compile-worker.ts';
import type { CommandIo } from '../../src/commands/io.ts';
import { openLocalSide } from '../../src/commands/local-side.ts';
import type { ParsedOptions } from '../../src/commands/table.ts';
import { readUserData } from '../../src/emit/read-user-data.ts';
import { imageOf } from '../../src/local/cloud/ec2-catalogue.ts';
import type { LaunchRequest } from '../../src/ports/compute.ts';
import { root, type TestCluster } from './cluster.ts';

/** What a command has of the process, standing in the cluster's folder. */
export function ioOf({ folder }: Pick<TestCluster, 'folder'>): CommandIo & { readonly said: () => string } {
  let err = '';
  return {
    out: () => {},
    err: text => {
      err += text;
    },
    json: false,
    colour: false,
    now: () => Date.now(),
    cwd: folder,
    packageFolder: root,
    program: pathToFileURL(path.join(root, 'dist/firstboot.cjs')),
    said: () => err,
  };
}

/** Binaries that are to be had from nowhere, at once. */
export function withoutBinaries(cluster: TestCluster): void {
  const pins = parse(cluster.read('pins.yaml'));
  for (const versions of Object.values<any>(pins.binaries))
    for (const archs of Object.values<any>(versions))
      for (const pin of Object.values<any>(archs)) pin.url = `https://127.0.0.1:9/${path.basename(pin.url)}`;
  cluster.write('pins.yaml', stringify(pins));
}

export function compiled(cluster: TestCluster, worker = 'worker-0'): Promise<CompiledWorker> {
  return compileAt('cluster.yaml', cluster.folder, worker);
}

export async function compileAt(spec: string, folder: string, worker: string): Promise<CompiledWorker> {
  const io = ioOf({ folder });
  const found = await compileWorkers(spec, [worker], io);
  const [first] = typeof found === 'number' ? [] : found;
  if (!first) throw new Error(io.said());
  return first;
}

/** The embedded cloud as commands with --local have it. */
export function sideOf(subject: CompiledWorker, options: ParsedOptions = {}): Promise<AwsSide> {
  return openLocalSide(subject.cluster, options, ioOf(subject));
}

/** The same, closed when the test ends. */
export async function openSide(subject: CompiledWorker, options: ParsedOptions = {}): Promise<AwsSide> {
  const side = await sideOf(subject, options);
  onTestFinished(() => side.close());
  return side;
}

/** Puts a worker's archive where its user-data says. */
export async function stage(side: AwsSide, { artifacts }: CompiledWorker): Promise<void> {
  const { url } = readUserData(artifacts.userData).manifest.secrets;
  const key = new URL(url.replace('s3+', '')).pathname.slice(1);
  await side.store.put({ key, bytes: artifacts.archive.reveal(), encryption: { kmsKey: null } });
}

export function launchOf({ cluster, worker, artifacts }: CompiledWorker, clientToken = 'token'): LaunchRequest {
  const { launch, privateIp } = worker;
  return {
    clientToken,
    imageId: imageOf(launch.image ?? '', worker.arch).imageId,
    instanceType: launch.instanceTypes[0] ?? '',
    subnetId: launch.subnet ?? '',
    network: { kind: 'address', privateIp, securityGroups: launch.securityGroups },
    instanceProfile: launch.instanceProfile,
    userData: artifacts.userData,
    root: { device: '/dev/sda1', size: launch.volume.size, kmsKey: null },
    spot: false,
    terminationProtection: false,
    reservationId: null,
    tags: { Name: worker.name, 'firstboot:cluster': cluster.name, 'firstboot:worker': worker.name },
  };
}

/** Asks until there is an answer; a minute at most. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = await ask();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come`);
}
