import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPlan } from '../../src/rollout/plan-file.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { launchRequest } from '../support/cloud.ts';
import { run } from '../support/cluster.ts';
import { commandWorld } from './command-world.ts';

const maxPods = (spec: any) => {
  spec.kubelet = { config: { maxPods: 64 } };
};

/** Two workers that run as the folder says, and are Ready. */
async function running() {
  const world = await commandWorld();
  for (const name of ['worker-0', 'worker-1']) world.joined(name, await world.launched(name));
  return world;
}

test('an empty cloud: everything is launched', async () => {
  const world = await commandWorld();
  const told = await world.plan();
  expect(told).toMatchObject({ code: 0, err: 'from-scratch on a cloud in memory\n' });
  expect(told.out).toBe(`+ worker-0  launch   it has no instance
+ worker-1  launch   it has no instance

Plan: 2 to launch, 0 to replace, 0 to retire, 0 kept.
`);
  expect((await world.plan({ 'detailed-exitcode': true })).code).toBe(3);
});

test('a plan needs no private key, and says the same with and without', async () => {
  const world = await running();
  const before = await world.plan({ json: true });
  for (const name of ['worker-0', 'worker-1']) world.folder.remove(`pki/${name}-key.pem`);
  const after = await world.plan({ json: true, 'detailed-exitcode': true });
  expect(after.code).toBe(0);
  expect(after.json.basis).toBe(before.json.basis);
  expect(after.json.actions.map(({ kind }: { kind: string }) => kind)).toEqual(['keep', 'keep']);
});

test('a changed kubelet setting: what changed, who is evicted, what forbids it', async () => {
  const world = await running();
  world.folder.spec(maxPods);
  for (const name of ['web-1', 'web-2', 'web-3', 'web-4'])
    world.kube.addPod({
      name,
      namespace: 'default',
      node: 'worker-1',
      labels: { app: 'web' },
      controller: 'ReplicaSet',
    });
  world.kube.addBudget({ name: 'web', selector: { app: 'web' }, minAvailable: 4 });
  const told = await world.plan({ 'detailed-exitcode': true });
  expect(told.code).toBe(3);
  expect(told.out).toBe(`~ worker-0  replace  kubelet configuration changed
~ worker-1  replace  kubelet configuration changed

worker-0 and worker-1 are replaced:

  /var/lib/kubelet/kubelet-config.yaml
    @@ -34,3 +34,4 @@
     clusterDNS:
       - 10.32.0.10
     clusterDomain: cluster.local
    +maxPods: 64

worker-1: evicts default/web-1, default/web-2, default/web-3 and 1 more
worker-1: blocked now: default/web-1, default/web-2, default/web-3 and 1 more
  cannot be evicted: PDB default/web (minAvailable 4) allows 0 disruptions: 4
  healthy of 4 wanted, 4 expected

Plan: 0 to launch, 2 to replace, 0 to retire, 0 kept.
`);
});

test('without a kubeconfig, and with one that is of no use, it says that pods were not looked at', async () => {
  const world = await running();
  world.folder.spec(maxPods);
  expect((await world.plan({ kube: false })).out).toContain('Pods were not looked at: there is no kubeconfig');
  world.kube.faults.forbidden = ['list pods'];
  const forbidden = await world.plan();
  expect(forbidden.out).toMatch(/Pods were not looked at: the api-server did not say \(list pods: Forbidden\)/);
  world.kube.faults.unreachable = true;
  expect((await world.plan()).out).toMatch(/Pods were not looked at: the api-server did not say \(.*NoResponse\)/);
});

describe('--out', () => {
  test('writes a plan that only its owner reads, and that holds while nothing moves', async () => {
    const world = await running();
    world.folder.spec(maxPods);
    const told = await world.plan({ out: 'plan.json' });
    expect(told.err).toContain('written to plan.json');
    const file = path.join(world.folder.folder, 'plan.json');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const plan = readPlan(fs.readFileSync(file, 'utf8'), file, 'from-scratch');
    expect((await world.plan({ json: true })).json.basis).toBe(plan.basis);
    await world.cloud.clock.sleep(600_000);
    expect((await world.plan({ json: true, kube: false })).json.basis).toBe(plan.basis);
    world.folder.spec(spec => {
      spec.kubelet.config.maxPods = 65;
    });
    expect((await world.plan({ json: true })).json.basis).not.toBe(plan.basis);
  });

  test('has neither a secret nor the name of a secrets object in it', async () => {
    const world = await running();
    const store = world.cloud.store();
    const secretId = 'c0ffee'.repeat(10).padEnd(64, '0');
    await store.put({
      key: `${stateKeys(world.cloud.cluster).secrets}worker-0/${secretId}.tar`,
      bytes: new Uint8Array(4),
    });
    world.folder.spec(maxPods);
    await world.folder.issue({});
    const { json, out } = await world.plan({ json: true });
    const status = await world.status({ json: true });
    const keyLines = world.folder
      .read('pki/worker-0-key.pem')
      .split('\n')
      .filter(line => line.length > 40);
    for (const text of [out, status.out]) {
      expect(text).not.toContain(secretId);
      for (const line of keyLines) expect(text).not.toContain(line);
    }
    expect(json.actions[0].reasons.map(({ text }: { text: string }) => text)).toContain('certificate changed');
    expect(JSON.stringify(json)).toContain('(another certificate)');
  });
});

test('what ran before is compared only with the copy of the very user-data', async () => {
  const world = await running();
  const store = world.cloud.store();
  for (const { key } of await store.list(`${world.cloud.cluster.aws.prefix}state/from-scratch/user-data/`))
    await store.put({ key, bytes: new TextEncoder().encode('something else') });
  world.folder.spec(maxPods);
  const { json } = await world.plan({ json: true });
  expect(json.actions[0]).toMatchObject({
    kind: 'replace',
    reasons: [{ kind: 'fingerprint', text: 'its fingerprint changed' }],
    changes: [],
  });
});

test('launch parameters are told by name, and shown as they were and will be', async () => {
  const world = await running();
  world.folder.spec(spec => {
    spec.aws.volume = { size: 40, kmsKey: null };
    spec.aws.tags = { team: 'data', token: 'correct-horse' };
  });
  const { out } = await world.plan();
  expect(out).toContain('root volume and tags changed');
  expect(out).toContain('+  size: 40');
  expect(out).not.toContain('correct-horse');
});

test('a pipeline without kubeconfigs does not take made-up names for drift unsaid', async () => {
  const world = await commandWorld(folder =>
    folder.edit('pki/worker-0.kubeconfig', text =>
      text
        .replaceAll('name: from-scratch', 'name: kubernetes')
        .replaceAll('cluster: from-scratch', 'cluster: kubernetes'),
    ),
  );
  await world.launched('worker-0');
  expect((await world.plan({ json: true })).json.actions[0].kind).toBe('keep');
  world.folder.remove('pki/worker-0.kubeconfig');
  const { json } = await world.plan({ json: true });
  expect(json.actions[0].kind).toBe('replace');
  expect(json.warnings.join()).toContain('worker-0: only its kubeconfig differs');
});

test('whoever has a worker’s address is named', async () => {
  const world = await commandWorld();
  const request = launchRequest(world.cloud, {}, 'worker-1');
  const other = await world.cloud.compute.launch({
    ...request,
    tags: { 'firstboot:cluster': 'other', 'firstboot:worker': 'worker-7' },
  });
  await world.cloud.clock.sleep(60_000);
  const { json } = await world.plan({ json: true });
  expect(json.warnings).toEqual([
    expect.stringMatching(
      new RegExp(`worker-1: its address 10\\.0\\.1\\.21 is taken by eni-\\w+ of ${other.instanceId}, cluster other`),
    ),
  ]);
});

test('a call that is not allowed is explained', async () => {
  const world = await commandWorld();
  world.cloud.fault('DescribeInstances=UnauthorizedOperation');
  await expect(world.plan()).rejects.toMatchObject({
    code: 'CALL_DENIED',
    hint: expect.stringContaining('ec2:DescribeInstances'),
  });
});

test('two forms of one result are wrong usage; errors of the spec come before any call', async () => {
  const world = await commandWorld();
  const two = await run(world.folder, 'plan', '--json', '--markdown');
  expect(two.code).toBe(2);
  expect(two.json.diagnostics[0].code).toBe('USAGE');
  world.folder.spec(spec => {
    spec.workers['worker-1'].privateIp = '10.0.1.20';
  });
  const wrong = await run(world.folder, 'plan', '--local');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('SPEC_PRIVATE_IP_TAKEN');
  expect(fs.existsSync(path.join(world.folder.folder, '.firstboot-cloud'))).toBe(false);
});

test('the whole command line, on the embedded cloud and with an api-server that is not there', async () => {
  const { folder } = await commandWorld();
  folder.write(
    'operator.kubeconfig',
    `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: not-used}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
  );
  const options = ['--local', '--kubeconfig', 'operator.kubeconfig'];
  const plan = await run(folder, 'plan', ...options, '--detailed-exitcode', '--out', 'plan.json');
  expect(plan).toMatchObject({ code: 3 });
  expect(plan.err).toContain('from-scratch on the embedded cloud in ');
  expect(plan.out).toContain('Plan: 2 to launch, 0 to replace, 0 to retire, 0 kept.');
  const status = await run(folder, 'status', ...options);
  expect(status.code).toBe(0);
  expect(status.out).toMatch(/warning: the api-server did not say which nodes there are/);
  const json = await run(folder, 'status', ...options, '--json');
  expect(json.json.workers).toHaveLength(2);
});
