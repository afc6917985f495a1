import { expect, test } from 'vitest';
import type { BootEvent } from '../../src/report/report.ts';
import { stageWorker } from '../../src/rollout/stage.ts';
import { type BootOptions, bootInstances, uuidOf } from '../support/booting.ts';
import { launchRequest, type TestCloud, testCloud, testPace } from '../support/cloud.ts';
import { createKubeTwin } from '../support/kube-twin.ts';
import { testArtifacts } from '../support/rollout.ts';

/** The support for rollout tests: what boots there must boot for the right reasons. */
async function launched(cloud: TestCloud, options: BootOptions = {}) {
  bootInstances(cloud, options);
  const artifacts = testArtifacts(cloud.cluster, 'worker-0');
  const { instanceId } = await cloud.compute.launch(launchRequest(cloud, { userData: artifacts.userData }));
  return { artifacts, instanceId };
}

async function eventsOf(cloud: TestCloud, instanceId: string): Promise<readonly BootEvent[]> {
  const text = (await cloud.compute.consoleOutput(instanceId)) ?? '';
  return [...text.matchAll(/^firstboot: (.+)$/gm)].map(([, line]) => JSON.parse(line ?? ''));
}

test('once its archive is staged, a worker boots, reports and registers', async () => {
  const cloud = testCloud();
  const kube = createKubeTwin(cloud.clock);
  const { artifacts, instanceId } = await launched(cloud, { kube });
  await cloud.clock.advance(60_000);
  expect((await eventsOf(cloud, instanceId)).at(-1)).toMatchObject({ phase: 'secrets', status: 'retry' });
  expect(await kube.nodes()).toEqual([]);
  await stageWorker(cloud.store(), cloud.cluster, artifacts);
  await cloud.clock.advance(90_000);
  const { digest, fingerprint } = artifacts;
  expect((await eventsOf(cloud, instanceId)).at(-1)).toMatchObject({
    ...{ worker: 'worker-0', phase: 'done', status: 'ok', instanceId, systemUuid: uuidOf(instanceId) },
    ...{ digest, fingerprint },
  });
  expect(await kube.node('worker-0')).toMatchObject({
    providerId: `aws:///us-east-1a/${instanceId}`,
    systemUuid: uuidOf(instanceId),
    kubeletVersion: 'v1.36.1',
    internalIps: ['10.0.1.20'],
  });
});

test.each<[string, BootOptions['how'], Partial<BootEvent> | undefined]>([
  ['is silent', () => ({ kind: 'silent' }), undefined],
  ['hangs', () => ({ kind: 'hangs', phase: 'kernel' }), { phase: 'kernel', status: 'start' }],
  [
    'fails',
    () => ({ kind: 'fails', phase: 'units', code: 'BOOT_UNITS', cause: 'containerd failed' }),
    { phase: 'units', status: 'failed', code: 'BOOT_UNITS', cause: 'containerd failed' },
  ],
])('a machine that %s does not register', async (_what, how, last) => {
  const cloud = testCloud();
  const kube = createKubeTwin(cloud.clock);
  const { artifacts, instanceId } = await launched(cloud, { kube, ...(how ? { how } : {}) });
  await stageWorker(cloud.store(), cloud.cluster, artifacts);
  await cloud.clock.advance(3_600_000);
  const events = await eventsOf(cloud, instanceId);
  if (last) expect(events.at(-1)).toMatchObject(last);
  else expect(events).toEqual([]);
  expect(await kube.nodes()).toEqual([]);
});

test('one that is terminated says nothing any more', async () => {
  const cloud = testCloud();
  const { artifacts, instanceId } = await launched(cloud);
  await cloud.clock.advance(testPace.pendingFor + 4000);
  await cloud.compute.terminate(instanceId);
  const before = await eventsOf(cloud, instanceId);
  expect(before.length).toBeGreaterThan(0);
  await stageWorker(cloud.store(), cloud.cluster, artifacts);
  await cloud.clock.advance(120_000);
  expect(await eventsOf(cloud, instanceId)).toEqual(before);
});

test('an archive that is never staged ends the boot after 15 minutes', async () => {
  const cloud = testCloud();
  const { instanceId } = await launched(cloud);
  await cloud.clock.advance(1_200_000);
  expect((await eventsOf(cloud, instanceId)).at(-1)).toMatchObject({ status: 'failed', code: 'BOOT_SECRETS' });
});
