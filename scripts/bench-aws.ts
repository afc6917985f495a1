// Bundled and run by bench.mjs --aws: what a rollout asks of AWS, counted by the embedded cloud in memory and in virtual time,
// with EC2's own request limits. Nothing is asserted.
import { bootPhases } from '../src/report/report.ts';
import { launchPace } from '../src/rollout/pace.ts';
import { fleet, type TestRollout, testRollout } from '../test/support/rollout.ts';

type Counts = Readonly<Record<string, number>>;

/** Counts so far of the calls to EC2, SSM, STS and S3, and from now on of those to the api-server, whose names begin with “kube”. */
function counting({ cloud, kube }: TestRollout): () => Counts {
  const calls: Record<string, number> = {};
  for (const [name, method] of Object.entries(kube)) {
    // A kubelet’s own.
    if (typeof method !== 'function' || name === 'join') continue;
    const count = (...parameters: readonly unknown[]) => {
      calls[`kube ${name}`] = (calls[`kube ${name}`] ?? 0) + 1;
      return (method as (...all: readonly unknown[]) => unknown)(...parameters);
    };
    Object.assign(kube, { [name]: count });
  }
  return () => ({ ...cloud.ec2.callCounts(), ...cloud.s3.callCounts(), ...calls });
}

type Measured = { readonly launch: Counts; readonly replace: Counts };

/** All calls of `apply` for so many workers: launched, and after a change of all of them replaced, one after the other. */
async function measure(workers: number): Promise<Measured> {
  const rollout = testRollout({ cluster: fleet(workers), throttled: true });
  const counts = counting(rollout);
  const before = counts();
  refuseFailures(await rollout.apply());
  const launched = counts();
  rollout.version = '2';
  refuseFailures(await rollout.apply());
  return { launch: difference(launched, before), replace: difference(counts(), launched) };
}

function refuseFailures(events: Awaited<ReturnType<TestRollout['apply']>>): void {
  const failed = events.find(({ kind }) => kind === 'failed' || kind === 'stopped');
  if (failed) throw new Error(JSON.stringify(failed));
}

function difference(more: Counts, less: Counts): Counts {
  return Object.fromEntries(Object.entries(more).map(([name, count]) => [name, count - (less[name] ?? 0)]));
}

/** Calls by name: those of one worker more, and those of a run whatever its size. */
function perWorker(few: Counts, many: Counts, [small, large]: readonly [number, number]) {
  const names = [...new Set([...Object.keys(few), ...Object.keys(many)])].sort();
  return names.map(name => {
    const each = ((many[name] ?? 0) - (few[name] ?? 0)) / (large - small);
    return { name, each, once: (few[name] ?? 0) - small * each };
  });
}

const shown = (value: number) => (Math.abs(value) < 0.005 ? '-' : Number(value.toFixed(2)).toString());

async function callsPerWorker(): Promise<void> {
  const sizes = [2, 12] as const;
  const [few, many] = [await measure(sizes[0]), await measure(sizes[1])];
  const launch = perWorker(few.launch, many.launch, sizes);
  const replace = perWorker(few.replace, many.replace, sizes);
  const names = [...new Set([...launch, ...replace].map(({ name }) => name))].sort();
  const row = (...cells: readonly string[]) =>
    console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(32) : cell.padStart(14))).join(''));
  row('calls of apply', 'launch: once', 'a worker', 'replace: once', 'a worker');
  const sums = [0, 0, 0, 0];
  for (const name of names) {
    const found = [launch, replace].map(all => all.find(one => one.name === name) ?? { once: 0, each: 0 });
    const cells = found.flatMap(({ once, each }) => [once, each]);
    for (const [index, cell] of cells.entries()) sums[index] = (sums[index] ?? 0) + cell;
    row(name, ...cells.map(shown));
  }
  row('all', ...sums.map(shown));
}

/** When the last worker’s instance was asked for, what its boot took after that, and what the rest is over the least there can be. */
async function thousand(): Promise<void> {
  const workers = 1000;
  const rollout = testRollout({ cluster: fleet(workers), throttled: true, kube: false });
  const { clock, ec2 } = rollout.cloud;
  const start = clock.now();
  let last = start;
  ec2.onLaunched(() => {
    last = clock.now();
  });
  const real = process.hrtime.bigint();
  refuseFailures(await rollout.apply({ wait: 'booted' }));
  const took = (clock.now() - start) / 1000;
  const least = (workers - launchPace.burst) / launchPace.perSecond;
  const boot = (ec2.pace.pendingFor + bootPhases.length * 3000) / 1000;
  const seconds = Number(process.hrtime.bigint() - real) / 1e9;
  const [firm, whole] = [took - boot, took].map(time => time.toFixed(1));
  console.log(`
apply, ${workers} workers, --wait booted, in virtual time:
  last RunInstances after ${((last - start) / 1000).toFixed(1)} s; EC2 allows it after ${least} s
  all proven after ${whole} s; without the last one’s own boot of ${boot} s: ${firm} s, ${((took - boot) / least).toFixed(3)} times ${least} s (aim 1.05)
  ${ec2.callCounts().RunInstances} RunInstances, none throttled; in real time ${seconds.toFixed(1)} s, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB, the cloud included`);
}

await callsPerWorker();
await thousand();
