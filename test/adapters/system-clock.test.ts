import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';

test('time passes while it sleeps', async () => {
  const start = systemClock.now();
  await systemClock.sleep(20);
  expect(systemClock.now()).toBeGreaterThan(start);
});

test('sleep ends with the signal’s own reason', async () => {
  const reason = new Error('Ctrl-C');
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});
