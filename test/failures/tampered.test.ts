import { expect, test } from 'vitest';
import { codeIn, expectText } from './texts.ts';
import { failureWorld } from './world.ts';

test('20: what is tampered with after it was staged is refused by the node, which starts no kubelet', async () => {
  const world = await failureWorld({ rehearsed: true });
  const { store, ec2 } = world.cloud;
  ec2.onLaunched(async () => {
    const [object] = await store().list('secrets/');
    await store().put({ key: object?.key ?? '', bytes: Buffer.from('tampered with') });
  });
  const argv = ['apply', '--wait', 'booted', '--timeout', '2m', '--yes'];
  const told = await world.run(...argv);
  await expectText('20-tampered-after-launch', argv, told);
  expect([told.code, told.out]).toEqual([1, expect.stringContaining('BOOT_SECRETS_DIGEST')]);
  const [evidence] = await store().list('state/from-scratch/evidence/worker-0/');
  const console = Buffer.from((await store().get(evidence?.key ?? ''))?.bytes ?? []).toString();
  expect(console).toContain('"code": "BOOT_SECRETS_DIGEST"');
  expect(console).not.toContain('"phase": "binaries"');
  await world.clock.sleep(90_000);
  expect([ec2.machines(), await world.staged(), world.cloud.violations()]).toEqual([[], 0, []]);
  expect(codeIn(await world.run(...argv, '--json'))).toBe('VERIFY_NOT_REGISTERED');
});
