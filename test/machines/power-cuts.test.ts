import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { BootPhase } from '../../src/report/report.ts';
import { newFolder } from '../real/cluster.ts';
import { buildLab, labCluster } from './cluster.ts';
import { cloudInitProblems, readDisk } from './disk.ts';
import { needMachines } from './lab.ts';
import { type Machines, startMachines } from './machine.ts';
import { describeNode, expectedNode, instanceIdOf, printTimes, readNode } from './node.ts';
import { expectedTree, filesWithKey, folder, type Tree, treeOf } from './tree.ts';
import { openVpc, type Vpc } from './vpc.ts';

/** Debian 13, one worker whose power fails again and again on its way, always in another phase. */
const release = 'trixie';
const worker = 'worker-0';

type Cut = { readonly phase: BootPhase; readonly after: number; readonly faults: readonly string[] };
/** Seconds after the phase began; downloads are slowed down so that there is a middle to them. */
const cuts: readonly Cut[] = [
  { phase: 'secrets', after: 1.5, faults: ['slow@secrets'] },
  { phase: 'binaries', after: 5, faults: ['slow@binaries'] },
  { phase: 'install', after: 0, faults: [] },
  { phase: 'units', after: 2, faults: [] },
];

let vpc: Vpc | undefined;
let machines: Machines | undefined;
let work: string | undefined;

beforeEach(context => {
  needMachines(context, release);
  context.onTestFailed(() => console.log(machines?.story()));
});
afterAll(async () => {
  await machines?.cut();
  vpc?.close();
});

function start(faults: readonly string[]): Machines {
  const cluster = labCluster();
  if (!vpc || !work) {
    buildLab(cluster);
    vpc = openVpc(cluster);
    work = newFolder('power-cuts');
  }
  machines = startMachines([worker], { cluster, namespace: vpc.namespace, release, work, faults });
  return machines;
}

test.for(cuts)(
  'a power cut in the middle of $phase leaves nothing half done under its name',
  async ({ phase, after, faults }) => {
    const machine = start(faults);
    await machine.reached(worker, phase, 'start', 400);
    await new Promise(resolve => setTimeout(resolve, after * 1000));
    const passed = machine.events(worker).map(event => `${event.phase} ${event.status}`);
    await machine.cut();
    expect(passed).not.toContain('done ok');

    const cluster = labCluster();
    const root = readDisk(machine.disk(worker));
    const expected = expectedTree(buildLab(cluster)[worker]);
    const found = treeOf(root, expected);
    const finished = filesOf(found).filter(([path]) => path in expected);
    expect(Object.fromEntries(finished)).toEqual(
      Object.fromEntries(filesOf(expected).filter(([path]) => path in found)),
    );
    // What was under way has another name, and is for root alone.
    const underWay = filesOf(found).filter(([path]) => !(path in expected));
    expect(underWay.filter(([, { mode, owner }]) => mode !== '0600' || owner !== '0:0')).toEqual([]);
    for (const [key, place] of secretPlaces) {
      const holders = filesWithKey(root, join(cluster.pki, key));
      expect(holders.filter(path => !path.startsWith(place))).toEqual([]);
      if (holders.length > 0) expect(found[dirname(place)]).toEqual(expected[dirname(place)]);
    }
  },
);

/** Folders get their modes in the phase install, before anything secret comes to lie there. */
const filesOf = (tree: Tree) => Object.entries(tree).filter(([, { sha256 }]) => sha256 !== folder);

const secretPlaces = [
  [`${worker}-key.pem`, '/var/lib/kubelet/kubelet-key.pem'],
  ['kube-proxy-key.pem', '/var/lib/kube-proxy/kube-proxy-key.pem'],
] as const;

test('with power it converges to what an undisturbed machine is', async () => {
  const machine = start([]);
  await machine.reached(worker, 'done', 'ok', 400);
  printTimes(machine, worker, `${release}, after ${cuts.length} power cuts`);
  if (!vpc) throw new Error('there is no network');
  expect(describeNode(readNode(vpc, worker))).toEqual(expectedNode(worker, '10.0.1.20', instanceIdOf(machine, worker)));
  await machine.cloudInitEnded(worker);
  await machine.powerOff();
  const cluster = labCluster();
  const root = readDisk(machine.disk(worker));
  const expected = expectedTree(buildLab(cluster)[worker]);
  expect(treeOf(root, expected)).toEqual(expected);
  expect(cloudInitProblems(root)).toEqual([]);
  for (const [key, place] of secretPlaces) expect(filesWithKey(root, join(cluster.pki, key))).toEqual([place]);
});
