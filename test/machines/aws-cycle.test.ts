import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Status, StatusRow } from '../../src/rollout/status.ts';
import { labCluster } from './cluster.ts';
import { tail } from './console.ts';
import { labImages } from './images.ts';
import { needMachines } from './lab.ts';
import { describeNode, expectedNode, readNode } from './node.ts';
import { bindPod, labFile, type Operator, operatorIn } from './operator.ts';
import { makeServiceAccount } from './pods.ts';
import { filesWithKey } from './tree.ts';
import { openVpc, type Vpc } from './vpc.ts';
import { until } from './wait.ts';

/** Debian 13: a worker's whole life, by the commands that a user types, on the embedded cloud and a real api-server. */
const release = 'trixie';
const worker = 'worker-0';
const ip = '10.0.1.20';

type World = { readonly vpc: Vpc; readonly operator: Operator };
let vpc: Vpc | undefined;
let world: World | undefined;
let first: StatusRow | undefined;
let second: StatusRow | undefined;
const alive = (): World => {
  if (!world) throw new Error('there is no cloud: see the first test');
  return world;
};

beforeEach(context => {
  needMachines(context, release);
  context.onTestFailed(() => console.log(world && storyOf(world.operator)));
});
afterAll(async () => {
  await world?.operator.firstboot('local', 'down');
  vpc?.close();
});

/** Folders of instances with their disks, in which a private key lies. */
function disksIn({ state }: Operator): readonly string[] {
  const folder = join(state, 'instances');
  return existsSync(folder) ? readdirSync(folder).filter(name => name.startsWith('i-')) : [];
}

function storyOf(operator: Operator): string {
  const { state } = operator;
  const read = (file: string) => (existsSync(file) ? tail(readFileSync(file, 'utf8'), 40) : '');
  const consoles = disksIn(operator).map(name => join(state, 'instances', name, 'console.log'));
  return [join(state, 'server.log'), ...consoles].map(read).join('\n--\n');
}

/** As `status --json` has it; the exit code is not looked at. */
async function statusOf({ firstboot, kubeconfig }: Operator): Promise<Status> {
  const { stdout, stderr } = await firstboot('status', '--local', '--json', '--kubeconfig', kubeconfig);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Status;
}

const rowOf = ({ workers }: Status): StatusRow => {
  const [row, ...more] = workers;
  if (!row || more.length > 0) throw new Error(`not one row: ${JSON.stringify(workers)}`);
  return row;
};

const uidOf = (vpc: Vpc): string => vpc.kubectl('get', 'node', worker, '-o', 'jsonpath={.metadata.uid}');

/** Objects of the embedded S3 that hold the worker's private key. */
const stagedKeys = ({ state }: Operator): number =>
  filesWithKey(join(state, 's3'), join(labCluster().pki, `${worker}-key.pem`)).length;

/** Without a network plugin a node is never Ready, and status says why; nothing else is to be said. */
function expectOnlyNetworkMissing({ problems }: Status): void {
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ severity: 'warning', worker });
  expect(problems[0]?.text).toMatch(/^not Ready for .*cni plugin not initialized/);
}

const seconds = (start: number) => Math.round((Date.now() - start) / 1000);

test('the operator has the rights that `iam` prints, the cloud is up, and what is staged is staged once', async () => {
  const cluster = labCluster();
  vpc = openVpc(cluster);
  makeServiceAccount(vpc);
  const operator = operatorIn(vpc, cluster);
  operator.set(['components'], ['containerd', 'kubelet']);
  operator.set(['versions', labImages.name], undefined);
  operator.set(['workers'], { [worker]: { privateIp: ip } });
  for (const role of ['cluster-role', 'cluster-role-healthz']) {
    writeFileSync(join(operator.folder, `${role}.yaml`), await operator.done('iam', role));
    vpc.kubectl('apply', '-f', join(operator.folder, `${role}.yaml`));
  }
  world = { vpc, operator };
  const machine = ['--image', 'disk.img', '--kernel', 'vmlinuz', '--initrd', 'initrd.img'];
  const files = machine.map(word => (word.startsWith('--') ? word : labFile(release, word)));
  const where = ['--namespace', vpc.namespace, '--mirror', 'mirror'];
  expect(await operator.done('local', 'up', '--instances', 'qemu', ...files, ...where)).toContain('AWS_ENDPOINT_URL');
  expect(await operator.done('stage', '--local')).toMatch(/1 staged/);
  expect(await operator.done('stage', '--local')).toMatch(/0 staged|nothing/);
  expect(stagedKeys(operator)).toBe(1);
});

test('plan says launch, apply launches, and the node registers as that instance', async () => {
  const { vpc, operator } = alive();
  const { kubeconfig } = operator;
  const plan = await operator.firstboot('plan', '--local', '--kubeconfig', kubeconfig, '--detailed-exitcode');
  expect(plan.code, plan.stderr).toBe(3);
  expect(plan.stdout).toMatch(/^\+ worker-0\b.*launch/m);
  const start = Date.now();
  const applied = await operator.firstboot('apply', '--local', '--yes', '--kubeconfig', kubeconfig);
  expect(applied.code, applied.stderr).toBe(0);
  console.log(`apply: ${seconds(start)} s\n${tail(applied.stderr, 40)}\n${applied.stdout}`);
  const status = await statusOf(operator);
  first = rowOf(status);
  expect(first).toMatchObject({ worker, state: 'running', fingerprint: 'current', verified: 'registered' });
  expect(first.node).toMatchObject({ uid: uidOf(vpc), kubeletVersion: 'v1.36.1', isOurs: true, unschedulable: false });
  expect(status.staged).toEqual([]);
  expectOnlyNetworkMissing(status);
  expect(stagedKeys(operator)).toBe(0);
  expect(describeNode(readNode(vpc, worker))).toEqual(expectedNode(worker, ip, String(first.instanceId)));
});

test('a changed kubelet setting: plan says replace, with the diff and what it evicts, and apply replaces', async () => {
  const { vpc, operator } = alive();
  const { kubeconfig } = operator;
  const maxPods = () =>
    JSON.parse(vpc.kubectl('get', '--raw', `/api/v1/nodes/${worker}/proxy/configz`)).kubeletconfig.maxPods as number;
  const before = { uid: uidOf(vpc), maxPods: maxPods() };
  bindPod(vpc, 'web-1', worker);
  operator.set(['kubelet', 'config'], { maxPods: 42 });
  // The other way for its key to travel; by itself it replaces nobody.
  operator.set(['aws', 'delivery'], 'instance-scoped');

  const plan = await operator.firstboot('plan', '--local', '--kubeconfig', kubeconfig, '--detailed-exitcode');
  expect(plan.code, plan.stderr).toBe(3);
  expect(plan.stdout).toMatch(/^~ worker-0\b.*replace/m);
  expect(plan.stdout).toMatch(/\+.*maxPods: 42/);
  expect(plan.stdout).toContain('evicts default/web-1');
  console.log(plan.stdout);

  const start = Date.now();
  const applied = await operator.firstboot('apply', '--local', '--yes', '--kubeconfig', kubeconfig);
  expect(applied.code, applied.stderr).toBe(0);
  console.log(`apply: ${seconds(start)} s\n${tail(applied.stderr, 60)}\n${applied.stdout}`);
  const status = await statusOf(operator);
  second = rowOf(status);
  expect(second).toMatchObject({ state: 'running', fingerprint: 'current', verified: 'registered', generation: 2 });
  expect(second.instanceId).not.toBe(first?.instanceId);
  expectOnlyNetworkMissing(status);
  // The old one is gone, with its disk.
  expect(disksIn(operator)).toEqual([second.instanceId]);
  expect(uidOf(vpc)).not.toBe(before.uid);
  expect(second.node).toMatchObject({ uid: uidOf(vpc), isOurs: true, unschedulable: false });
  expect(describeNode(readNode(vpc, worker))).toEqual(expectedNode(worker, ip, String(second.instanceId)));
  expect([before.maxPods, maxPods()]).toEqual([110, 42]);
  expect(vpc.kubectl('get', 'node', worker, '-o', 'jsonpath={.status.capacity.pods}')).toBe('42');
  expect(vpc.kubectl('get', 'pods', '--all-namespaces', '-o', 'name')).toBe('');
  expect(stagedKeys(operator)).toBe(0);

  const again = await operator.firstboot('plan', '--local', '--kubeconfig', kubeconfig, '--detailed-exitcode');
  expect(again.code, again.stdout).toBe(0);
});

test('destroy: the instance is terminated, the node gone, and nothing is left', async () => {
  const { vpc, operator } = alive();
  const { kubeconfig } = operator;
  const destroyed = await operator.firstboot('destroy', '--local', '--yes', '--kubeconfig', kubeconfig);
  expect(destroyed.code, destroyed.stderr).toBe(0);
  const row = rowOf(await statusOf(operator));
  expect(row).toMatchObject({ node: null });
  expect(['terminated', 'none']).toContain(row.state);
  expect(vpc.kubectl('get', 'nodes', '-o', 'name')).toBe('');
  expect(await operator.done('gc', '--local', '--yes')).toContain('nothing is left to be removed');
  await until('the machine’s end', 60, () => disksIn(operator).length === 0);
  // Nowhere in the embedded cloud: no object, no disk, no scratch file.
  expect(filesWithKey(operator.state, join(labCluster().pki, `${worker}-key.pem`))).toEqual([]);
});
