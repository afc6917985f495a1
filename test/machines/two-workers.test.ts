import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { newFolder } from '../real/cluster.ts';
import { buildLab, labCluster } from './cluster.ts';
import { cloudInitProblems, readDisk } from './disk.ts';
import { needMachines } from './lab.ts';
import { type Machines, startMachines } from './machine.ts';
import { askAnonymously, describeNode, expectedNode, instanceIdOf, printTimes, readiness, readNode } from './node.ts';
import { expectedTree, filesWithKey, treeOf } from './tree.ts';
import { openVpc, type Vpc } from './vpc.ts';

/** Debian 12, both workers of the tutorial at once. */
const release = 'bookworm';
const workers = { 'worker-0': '10.0.1.20', 'worker-1': '10.0.1.21' } as const;
const names = Object.keys(workers) as (keyof typeof workers)[];

let vpc: Vpc | undefined;
let machines: Machines | undefined;
const running = (): { vpc: Vpc; machines: Machines } => {
  if (!vpc || !machines) throw new Error('the machines were not started: see the first test');
  return { vpc, machines };
};

beforeEach(context => {
  needMachines(context, release);
  context.onTestFailed(() => console.log(machines?.story()));
});
afterAll(async () => {
  await machines?.cut();
  vpc?.close();
});

test('both workers boot to the end of the boot program', async () => {
  const cluster = labCluster();
  buildLab(cluster);
  vpc = openVpc(cluster);
  machines = startMachines(names, { cluster, namespace: vpc.namespace, release, work: newFolder('two-workers') });
  for (const name of names) {
    await machines.reached(name, 'done', 'ok', 600);
    printTimes(machines, name, release);
  }
});

test.for(names)('%s registers as what it is, and waits for a network', async name => {
  const { vpc, machines } = running();
  const node = describeNode(readNode(vpc, name));
  expect(node).toEqual(expectedNode(name, workers[name], instanceIdOf(machines, name)));
  expect(await readiness(vpc, name, 'False')).toMatch(/cni plugin not initialized/);
});

test.for(names)('%s: the api-server reaches its kubelet, and no one else does', name => {
  const { vpc } = running();
  expect(vpc.kubectl('get', '--raw', `/api/v1/nodes/${name}/proxy/healthz`)).toBe('ok');
  for (const path of ['/pods', '/healthz'])
    expect([path, askAnonymously(vpc, workers[name], path)]).toEqual([path, '401']);
});

test('the certificate of one worker may change its own Node’s status and touch no other Node', () => {
  const { vpc } = running();
  // Not by kubectl: it reads nodes/status before it patches it, which no kubelet may.
  const patch = (node: string, subresource: string, body: unknown) => {
    const key = (name: string) => join(labCluster().pki, name);
    const identity = ['--cacert', key('ca.pem'), '--cert', key('worker-0.pem'), '--key', key('worker-0-key.pem')];
    const how = ['-X', 'PATCH', '-H', 'content-type: application/merge-patch+json', '-d', JSON.stringify(body)];
    const url = `https://10.0.1.10:6443/api/v1/nodes/${node}${subresource}`;
    const { code, message } = JSON.parse(vpc.inside(['curl', '-s', '-m', '20', ...identity, ...how, url]).stdout);
    return { code, message };
  };
  const port = { daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } };
  for (const [subresource, body] of [
    ['', { metadata: { labels: { touched: 'yes' } } }],
    ['/status', { status: port }],
  ] as const) {
    expect(patch('worker-0', subresource, body)).toEqual({ code: undefined, message: undefined });
    expect(patch('worker-1', subresource, body)).toEqual({
      code: 403,
      message: expect.stringMatching(/node "worker-0" is not allowed to modify node "worker-1"/),
    });
  }
  expect(vpc.kubectlAs('worker-0', 'delete', 'node', 'worker-1').stderr).toMatch(/Forbidden/);
  expect(vpc.kubectlAs('worker-0', 'get', 'secrets', '--all-namespaces').stderr).toMatch(/Forbidden/);
});

test('cloud-init ends without a complaint, and every file lies as it was compiled', async () => {
  const { machines } = running();
  const instanceIds = Object.fromEntries(names.map(name => [name, instanceIdOf(machines, name)]));
  for (const name of names) await machines.cloudInitEnded(name);
  await machines.powerOff();
  const cluster = labCluster();
  const built = buildLab(cluster);
  for (const name of names) {
    const root = readDisk(machines.disk(name));
    expect(cloudInitProblems(root)).toEqual([]);
    expect(readFileSync(join(root, 'var/lib/cloud/data/instance-id'), 'utf8').trim()).toBe(instanceIds[name]);
    const expected = expectedTree(built[name]);
    expect(treeOf(root, expected)).toEqual(expected);
    expect(filesWithKey(root, join(cluster.pki, `${name}-key.pem`))).toEqual(['/var/lib/kubelet/kubelet-key.pem']);
    const other = name === 'worker-0' ? 'worker-1' : 'worker-0';
    expect(filesWithKey(root, join(cluster.pki, `${other}-key.pem`))).toEqual([]);
  }
});
