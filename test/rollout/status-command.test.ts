import { expect, test } from 'vitest';
import { watchOn } from '../../src/commands/status.ts';
import { stateKeys } from '../../src/rollout/state-keys.ts';
import { launchRequest } from '../support/cloud.ts';
import { commandIo, commandWorld } from './command-world.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const longName = 'an-old-worker-with-a-long-name-that-nobody-knows-any-more-00001';

test('a table, and what does not stand as it should', async () => {
  const world = await commandWorld();
  const worker0 = await world.launched('worker-0');
  const worker1 = await world.launched('worker-1');
  world.joined('worker-0', worker0);
  world.joined('worker-1', worker1, false);
  const store = world.cloud.store();
  const keys = stateKeys(world.cloud.cluster);
  const id = 'feed'.repeat(16);
  await store.put({ key: `${keys.secrets}worker-0/${id}.tar`, bytes: bytes('x') });
  const lock = {
    version: 1,
    id: 'abcdef123456',
    run: 'run-2',
    holder: 'ada@build-7',
    since: '2026-11-25T08:00:00.000Z',
    command: 'apply',
  };
  await store.put({ key: keys.lock, bytes: bytes(JSON.stringify(lock)) });
  await world.cloud.compute.launch({
    ...launchRequest(world.cloud, {}, 'worker-1'),
    clientToken: 'other',
    network: { kind: 'address', privateIp: '10.0.1.77', securityGroups: ['sg-0123456789abcdef0'] },
    tags: { 'firstboot:cluster': 'from-scratch', 'firstboot:worker': longName },
  });
  await world.cloud.clock.sleep(60_000);
  const told = await world.status();
  expect(told.code).toBe(0);
  expect(told.err).toBe('from-scratch on a cloud in memory\n');
  const shape = told.out
    .replace(/i-[0-9a-f]{17}/g, 'i-00000000000000000')
    .replace(/ami-[0-9a-f]{17}/g, 'ami-00000000000000000')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, 'NOW');
  expect(shape).toBe(`from-scratch, NOW: 2 of 2 running, 1 Ready, 1 not in the spec

WORKER              INSTANCE             STATE    NODE      SPEC       CERT  AGE
worker-0            i-00000000000000000  running  Ready     current    364d  3m
worker-1            i-00000000000000000  running  NotReady  current    364d  2m
${longName}
                    i-00000000000000000  running  none      not in it  -     60s

all: kubelet v1.36.1, image ami-00000000000000000, type t3.medium

locked by ada@build-7 since 2026-11-25T08:00:00.000Z: \`firstboot apply\`, run
  run-2; when it is dead: \`firstboot unlock abcdef123456\`

warning: worker-1: not Ready for 60 s (False): KubeletNotReady: container
  runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady
  message:Network plugin returns error: cni plugin not initialized
warning: ${longName}: the
  spec has no such worker, and i-00000000000000000 runs for it.
warning: ${longName}: it
  runs and has no Node: its kubelet did not register.
warning: secrets of worker-0 are still staged (1 version), and its instance
  runs; \`firstboot gc\` removes them.
`);
  const { json, out } = await world.status({ json: true });
  expect(json).toMatchObject({ cluster: 'from-scratch', lock, staged: [{ owner: 'worker-0', versions: 1 }] });
  expect(json.workers.map(({ worker }: { worker: string }) => worker)).toEqual(['worker-0', 'worker-1', longName]);
  expect(out).not.toContain(id);
});

test('two instances of one worker are an error: exit 1', async () => {
  const world = await commandWorld();
  await world.launched('worker-0');
  const request = launchRequest(world.cloud, { clientToken: 'second' }, 'worker-0');
  await world.cloud.compute.launch({
    ...request,
    network: { kind: 'address', privateIp: '10.0.1.77', securityGroups: ['sg-0123456789abcdef0'] },
  });
  await world.cloud.clock.sleep(60_000);
  const told = await world.status();
  expect(told.code).toBe(1);
  expect(told.out).toMatch(/error: worker-0: 2 instances are alive/);
});

test('a folder with errors in it is no reason to show nothing', async () => {
  const world = await commandWorld();
  await world.launched('worker-0');
  world.folder.remove('pki/worker-0.pem');
  const told = await world.status({ kube: false });
  expect(told.code).toBe(0);
  expect(told.out).toMatch(/worker-0 .*running .*unknown/);
  expect(told.out).toContain('worker-0: does not compile');
  expect(told.out).toContain('Nodes were not asked');
});

test('--watch shows again until it is told to stop, a document a line, and survives a call that fails', async () => {
  const world = await commandWorld();
  const { io, told } = commandIo(world.folder, true, () => world.cloud.clock.now());
  const side = { store: world.cloud.store(), compute: world.cloud.compute, clock: world.cloud.clock, place: 'memory' };
  const controller = new AbortController();
  let looks = 0;
  const counting = {
    ...io,
    out: (text: string) => {
      io.out(text);
      looks += 1;
      if (looks === 1) world.cloud.fault('DescribeInstances@1=UnauthorizedOperation');
      if (looks === 3) controller.abort(new Error('stopped'));
    },
  };
  await expect(watchOn(await world.fleet(true), side, world.kube, counting, controller.signal)).rejects.toThrow(
    'stopped',
  );
  const lines = told.out.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line).cluster)).toEqual(['from-scratch', 'from-scratch', 'from-scratch']);
  expect(told.err).toMatch(/^firstboot: CALL_DENIED: /);
});

test('on a terminal --watch draws over what was there', async () => {
  const world = await commandWorld();
  const { io, told } = commandIo(world.folder, false, () => world.cloud.clock.now());
  const side = { store: world.cloud.store(), compute: world.cloud.compute, clock: world.cloud.clock, place: 'memory' };
  const controller = new AbortController();
  const terminal = {
    ...io,
    terminal: true,
    out: (text: string) => {
      io.out(text);
      controller.abort(new Error('stopped'));
    },
  };
  await expect(watchOn(await world.fleet(true), side, undefined, terminal, controller.signal)).rejects.toThrow(
    'stopped',
  );
  expect(told.out).toMatch(/^\u001b\[H[^\n]*\u001b\[K\n/);
});
