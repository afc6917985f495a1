import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { newFolder } from '../real/cluster.ts';
import { cisFiles, judge, type NodeFacts } from './cis.ts';
import { buildLab, labCluster } from './cluster.ts';
import { cloudInitHasEnded, tail } from './console.ts';
import { cloudInitProblems, readDisk } from './disk.ts';
import { inspectNode } from './inspect.ts';
import { needMachines } from './lab.ts';
import { type Machines, startMachines } from './machine.ts';
import { askAnonymously, describeNode, expectedNode, instanceIdOf, printTimes, readiness, readNode } from './node.ts';
import { configureNetwork, makeServiceAccount, runPod } from './pods.ts';
import { startStranger } from './stranger.ts';
import { dropIn, expectedTree, filesWithKey, treeOf } from './tree.ts';
import { openVpc, type Vpc } from './vpc.ts';
import { until } from './wait.ts';

/** Debian 13, one worker from its first boot to an image of its disk. */
const release = 'trixie';
const worker = 'worker-0';
const ip = '10.0.1.20';

type Life = { readonly vpc: Vpc; readonly work: string; readonly instanceId: string; machines: Machines };
let started: { vpc: Vpc; machines?: Machines } | undefined;
let life: Life | undefined;
const alive = (): Life => {
  if (!life) throw new Error('the worker did not boot: see the first test');
  return life;
};

beforeEach(context => {
  needMachines(context, release);
  context.onTestFailed(() => console.log(started?.machines?.story()));
});
afterAll(async () => {
  await started?.machines?.cut();
  started?.vpc.close();
});

async function bootTo(
  seconds: number,
  what: string,
  more: Partial<Parameters<typeof startMachines>[1]> = {},
  name = worker,
) {
  if (!started) throw new Error('there is no network');
  const work = life?.work ?? newFolder('worker');
  const cluster = labCluster();
  const machines = startMachines([name], { cluster, namespace: started.vpc.namespace, release, work, ...more });
  started.machines = machines;
  await machines.reached(name, 'done', 'ok', seconds);
  printTimes(machines, name, what);
  return { machines, work };
}

test('boots to the end of the boot program', async () => {
  const cluster = labCluster();
  buildLab(cluster);
  const vpc = openVpc(cluster);
  started = { vpc };
  const { machines, work } = await bootTo(400, release);
  life = { vpc, machines, work, instanceId: instanceIdOf(machines, worker) };
});

test('registers as what it is, and waits for a network', async () => {
  const { vpc, instanceId } = alive();
  expect(describeNode(readNode(vpc, worker))).toEqual(expectedNode(worker, ip, instanceId));
  expect(await readiness(vpc, worker, 'False')).toMatch(/cni plugin not initialized/);
});

test('the api-server reaches its kubelet, and no one without a certificate does', () => {
  const { vpc } = alive();
  expect(vpc.kubectl('get', '--raw', `/api/v1/nodes/${worker}/proxy/healthz`)).toBe('ok');
  for (const path of ['/pods', '/healthz']) expect([path, askAnonymously(vpc, ip, path)]).toEqual([path, '401']);
});

test('is Ready once a CNI configuration is put in, and a pod runs on the pod network', async () => {
  const { vpc } = alive();
  makeServiceAccount(vpc);
  await configureNetwork(vpc, worker);
  await readiness(vpc, worker, 'True');
  const pod = await runPod(vpc, {
    name: 'hello',
    node: worker,
    script: 'echo "hello from $(cat /proc/sys/kernel/hostname)"; ip -4 addr show dev eth0',
  });
  expect(pod.ip).toMatch(/^10\.200\.0\.\d+$/);
  expect(pod.log).toMatch(/^hello from hello\n/);
  expect(pod.log).toContain(`inet ${pod.ip}/24`);
});

test('passes every worker-node check of the CIS benchmark', async () => {
  const { vpc } = alive();
  const inspection = await inspectNode(vpc, worker, {
    programs: ['kubelet', 'kube-proxy'],
    paths: Object.values(cisFiles),
    contents: [cisFiles.config, cisFiles.proxyConfig],
  });
  const { kubeletconfig } = JSON.parse(vpc.kubectl('get', '--raw', `/api/v1/nodes/${worker}/proxy/configz`));
  const node: NodeFacts = { ...inspection, configz: kubeletconfig };
  // The files that are looked at are those that the kubelet was started with.
  expect(node.argv.kubelet).toContain(`--config=${cisFiles.config}`);
  expect(node.argv.kubelet).toContain(`--kubeconfig=${cisFiles.kubeconfig}`);
  const verdicts = judge(node);
  console.log(
    verdicts
      .map(({ id, expected, found, passes }) => `${passes ? 'PASS' : 'FAIL'} ${id} ${expected}: ${found}`)
      .join('\n'),
  );
  expect(verdicts).toHaveLength(25);
  expect(verdicts.filter(({ passes }) => !passes)).toEqual([]);
  expect(judge(openToAll).filter(({ passes }) => passes)).toEqual([]);
});

/** A node that every check must find fault with: else it would prove nothing above. */
const openToAll: NodeFacts = {
  argv: {
    kubelet: ['kubelet', '--hostname-override=x', '--rotate-certificates=false', '--feature-gates=x'],
    'kube-proxy': [],
  },
  stat: Object.fromEntries(Object.values(cisFiles).map(path => [path, '666 1000:0'])),
  content: { [cisFiles.proxyConfig]: 'metricsBindAddress: 0.0.0.0:10249' },
  configz: {
    authentication: { anonymous: { enabled: true } },
    authorization: { mode: 'AlwaysAllow' },
    readOnlyPort: 10255,
    streamingConnectionIdleTimeout: '0s',
    makeIPTablesUtilChains: false,
    eventRecordQPS: 0,
    tlsCipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'],
    podPidsLimit: -1,
    seccompDefault: false,
  },
};

test('cloud-init ends without a complaint, and every file lies as it was compiled', async () => {
  const { machines, instanceId } = alive();
  await machines.cloudInitEnded(worker);
  await machines.powerOff();
  const cluster = labCluster();
  const root = readDisk(machines.disk(worker));
  expect(cloudInitProblems(root)).toEqual([]);
  const expected = expectedTree(buildLab(cluster)[worker]);
  expect(treeOf(root, expected)).toEqual(expected);
  expect(readFileSync(join(root, dropIn), 'utf8')).toContain(`providerID: aws:///us-east-1a/${instanceId}\n`);
  for (const [key, place] of [
    [`${worker}-key.pem`, '/var/lib/kubelet/kubelet-key.pem'],
    ['kube-proxy-key.pem', '/var/lib/kube-proxy/kube-proxy-key.pem'],
  ] as const)
    expect(filesWithKey(root, join(cluster.pki, key))).toEqual([place]);
});

test('is Ready again after a reboot, and fetches nothing for it', async () => {
  const { vpc } = alive();
  // Whatever is fetched is a page of HTML, which no digest fits: only a machine that asks for nothing gets to its end.
  const faults = ['error-page@secrets', 'error-page@binaries'];
  const { machines } = await bootTo(300, `${release}, again`, { faults });
  const fetching = machines.events(worker).filter(({ phase }) => phase === 'secrets' || phase === 'binaries');
  expect(fetching.map(({ status }) => status)).toEqual(['start', 'ok', 'start', 'ok']);
  await readiness(vpc, worker, 'True');
  await machines.cloudInitEnded(worker);
  await machines.powerOff();
});

/** The worker's own heartbeat: it stands still while no machine is this worker. */
const heartbeat = (vpc: Vpc): string =>
  vpc.kubectl('get', 'lease', '-n', 'kube-node-lease', worker, '-o', 'jsonpath={.spec.renewTime}');

test('a machine made from an image of it, without user-data, does not start as this worker', async () => {
  const { vpc, machines } = alive();
  const last = heartbeat(vpc);
  const stranger = startStranger(vpc.namespace, release, machines.disk(worker));
  try {
    const seen = () => stranger.events().map(({ phase, status, code }) => `${phase} ${status} ${code ?? ''}`.trim());
    const refused = 'identify retry BOOT_IDENTIFY_INSTANCE';
    await until(refused, 300, () => seen().includes(refused));
    await until('cloud-init’s end', 180, () => cloudInitHasEnded(stranger.console()));
    expect(new Set(seen().map(line => line.split(' ')[0]))).toEqual(new Set(['identify']));
    // It is up and can be reached: sshd answers, and no kubelet does.
    expect(vpc.inside(['timeout', '20', 'bash', '-c', `</dev/tcp/${ip}/22`]).code).toBe(0);
    expect(askAnonymously(vpc, ip, '/healthz')).toBe('000');
    expect(heartbeat(vpc)).toBe(last);
  } catch (error) {
    console.log(tail(stranger.console(), 60));
    throw error;
  } finally {
    stranger.end();
  }
});

test('a machine made from an image of it becomes the worker of its own user-data', async () => {
  const { vpc, machines, instanceId } = alive();
  const last = heartbeat(vpc);
  const image = machines.disk(worker);
  const what = `${release}, from an image of ${worker}`;
  const clone = await bootTo(400, what, { image, work: newFolder('clone') }, 'worker-1');
  const cloneId = instanceIdOf(clone.machines, 'worker-1');
  expect(cloneId).not.toBe(instanceId);
  expect(describeNode(readNode(vpc, 'worker-1'))).toEqual(expectedNode('worker-1', '10.0.1.21', cloneId));
  expect(heartbeat(vpc)).toBe(last);
  await clone.machines.powerOff();
  const expected = expectedTree(buildLab(labCluster())['worker-1']);
  const root = readDisk(clone.machines.disk('worker-1'));
  expect(treeOf(root, expected)).toEqual(expected);
  expect(filesWithKey(root, join(labCluster().pki, `${worker}-key.pem`))).toEqual([]);
});
