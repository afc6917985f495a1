import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { faults } from '../../src/local/fault-table.ts';
import { makeBootCluster } from '../support/boot.ts';

type Phase = { readonly phase: string; readonly status: string; readonly would?: readonly string[] };

const startsKubelet = (phases: readonly Phase[]) =>
  phases.some(one => one.would?.includes('systemctl start kubelet.service'));

test.each([
  ['disk-full', 'binaries', 'BOOT_BINARIES'],
  ['disk-full@install', 'install', 'BOOT_INSTALL'],
  ['clock-behind', 'clock', 'BOOT_CLOCK'],
])(
  '%s: fails in %s with %s and no kubelet, and a rerun without it goes on',
  async (fault, phase, code) => {
    const cluster = await makeBootCluster();
    const failed = await cluster.rehearse('worker-0', '--root', 'root', '--fault', fault, '--json');
    expect([failed.code, failed.json.ok]).toEqual([1, false]);
    expect(failed.json.report.phases.at(-1)).toMatchObject({ phase, status: 'failed', code });
    expect(failed.json.report.rehearsal).toBe(true);
    expect(startsKubelet(failed.json.report.phases)).toBe(false);
    expect(failed.err).toContain(`firstboot: ${code}: worker-0 failed in ${phase}: `);
    expect(failed.err).toContain(`\`firstboot explain ${code}\``);
    expect(failed.err).toContain('without --fault goes on');
    const isThere = (name: string) => fs.existsSync(path.join(cluster.folder, 'root', name));
    expect([isThere('usr/local/bin/kubelet'), isThere('var/lib/kubelet/kubelet-key.pem')]).toEqual([
      phase === 'install',
      false,
    ]);
    const again = await cluster.rehearse('worker-0', '--root', 'root', '--json');
    expect([again.code, startsKubelet(again.json.report.phases)], again.err).toEqual([0, true]);
  },
  60_000,
);

test.each(faults.kill.phases)('kill@%s: it is started again and ends well', async phase => {
  const cluster = await makeBootCluster();
  const { code, json, err } = await cluster.rehearse('worker-0', '--fault', `kill@${phase}`, '--json');
  expect([code, json.ok], err).toEqual([0, true]);
  // In its last phase it may be done before the signal comes.
  expect(json.starts).toBeGreaterThanOrEqual(phase === 'done' ? 1 : 2);
});

test('two kills in one boot', async () => {
  const cluster = await makeBootCluster();
  const faultsOfBoth = ['--fault', 'kill@binaries', '--fault', 'kill@install'];
  const { code, json, out } = await cluster.rehearse('worker-0', ...faultsOfBoth, '--json');
  expect([code, json.starts], out).toEqual([0, 3]);
});
