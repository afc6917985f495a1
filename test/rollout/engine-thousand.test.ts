import { expect, test } from 'vitest';
import { fleet, testRollout } from '../support/rollout.ts';

/** EC2 gives five instances at once and two a second after that. */
const least = (workers: number) => ((workers - 5) / 2) * 1000;

test('a fleet is launched at the pace that RunInstances allows: nothing throttled, one instance each', async () => {
  const workers = 1000;
  const rollout = testRollout({ cluster: fleet(workers), throttled: true, kube: false, boot: { phase: 500 } });
  let throttled = 0;
  const start = rollout.cloud.clock.now();
  const events = await rollout.apply({ wait: 'booted' });
  const took = rollout.cloud.clock.now() - start;
  for (const event of events) if (event.kind === 'failed') throttled += 1;
  const finished = events.filter(({ kind }) => kind === 'finished');
  const counts = rollout.cloud.ec2.callCounts();
  process.stdout.write(`${workers} workers: ${took / 1000} s, ${JSON.stringify(counts)}\n`);
  expect(throttled).toBe(0);
  expect(finished).toHaveLength(workers);
  const instances = rollout.cloud.ec2.audit().filter(({ kind }) => kind === 'instance');
  expect(new Set(instances.map(({ worker }) => worker)).size).toBe(workers);
  expect(instances).toHaveLength(workers);
  expect(counts.RunInstances).toBe(workers);
  // The boot of the last one, 13 s, is in it.
  expect(took).toBeLessThan(least(workers) * 1.05);
  expect(rollout.cloud.violations()).toEqual([]);
}, 60_000);
