import fs from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseConsole } from '../../src/report/parse.ts';
import { makeBootCluster } from '../support/boot.ts';
import { makeCluster } from '../support/cluster.ts';
import { compiled, eventually, launchOf, openSide, stage, withoutBinaries } from '../support/local-cloud.ts';

/** The last line of the boot program's that a console has. */
const lastOf = (console: string | undefined) =>
  parseConsole(console ?? '')
    .at(-1)
    ?.phases.at(-1);

test('a rehearsed instance fetches its secrets from the embedded S3 and comes to done, without its binaries', async () => {
  const cluster = await makeCluster();
  vi.stubEnv('XDG_CACHE_HOME', path.join(cluster.folder, 'cache'));
  withoutBinaries(cluster);
  const subject = await compiled(cluster);
  const side = await openSide(subject, { instances: 'rehearse' });
  const { instanceId } = await side.compute.launch(launchOf(subject));
  // Staged only now: the boot program asks again.
  await stage(side, subject);
  const console = await eventually('done', async () => {
    const text = await side.compute.consoleOutput(instanceId).catch(() => undefined);
    return lastOf(text)?.phase === 'done' && text;
  });
  expect(lastOf(console)).toMatchObject({ phase: 'done', status: 'ok' });
  // By the clock of the instance, not of this machine.
  expect(lastOf(console)?.end).toBeLessThan(60);
  expect(parseConsole(console).at(-1)).toMatchObject({ worker: 'worker-0', instanceId });
  expect(console).toMatch(/^rehearsal: left out, as nothing gives it: kubelet 1\.36\.1\r$/m);
  const folder = path.join(cluster.folder, '.firstboot-cloud/instances', instanceId);
  const key = path.join(folder, 'root/var/lib/kubelet/kubelet-key.pem');
  expect(fs.readFileSync(key, 'utf8')).toBe(cluster.read('pki/worker-0-key.pem'));
  await side.compute.terminate(instanceId);
  await eventually('the end of its root', async () => !fs.existsSync(folder));
  expect(await side.compute.consoleOutput(instanceId)).toBe(console);
});

test('with a mirror its binaries are put in, and a second start of the cloud goes on where it was', async () => {
  const cluster = await makeBootCluster();
  const subject = await compiled(cluster, 'worker-1');
  const options = { instances: 'rehearse', mirror: cluster.mirror };
  const first = await openSide(subject, options);
  const { instanceId } = await first.compute.launch(launchOf(subject));
  await eventually('a line', async () => lastOf(await first.compute.consoleOutput(instanceId).catch(() => undefined)));
  await first.close();
  const second = await openSide(subject, options);
  await stage(second, subject);
  await eventually('done', async () => lastOf(await second.compute.consoleOutput(instanceId))?.phase === 'done');
  const root = path.join(cluster.folder, '.firstboot-cloud/instances', instanceId, 'root');
  expect(fs.statSync(path.join(root, 'usr/local/bin/kubelet')).mode & 0o777).toBe(0o755);
});

test('user-data that is not ours boots without a word of ours', async () => {
  const cluster = await makeCluster();
  const subject = await compiled(cluster);
  const side = await openSide(subject, { instances: 'rehearse' });
  const userData = new TextEncoder().encode('#!/bin/sh\n');
  const { instanceId } = await side.compute.launch({ ...launchOf(subject), userData });
  const console = await eventually('a word', () => side.compute.consoleOutput(instanceId).catch(() => undefined));
  expect([parseConsole(console), console]).toEqual([
    [],
    'rehearsal: there is no boot program of firstboot in the user-data\r\n',
  ]);
});
