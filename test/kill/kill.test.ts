import { createPrivateKey } from 'node:crypto';
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { startMachine } from '../../src/local/rehearse-machine.ts';
import { inRoot, materialise } from '../../src/local/scratch-root.ts';
import type { BootEvent } from '../../src/report/report.ts';
import { bootPhases } from '../../src/report/report.ts';
import { type Bench, discard, openBench } from './machine.ts';
import { killAtOperation, operationsIn } from './operations.ts';
import { randomFrom } from './random.ts';
import { comparable, foldersOf, leaks, type Tree, torn, treeOf } from './tree.ts';
import { type Watched, watch } from './watcher.ts';

const { FIRSTBOOT_KILLS = '40', FIRSTBOOT_SEED = '1' } = process.env;
const wantedKills = Number(FIRSTBOOT_KILLS);
const random = randomFrom(Number(FIRSTBOOT_SEED));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Of each other kind of power cut. */
const rounds = Math.max(3, Math.ceil(wantedKills / 20));
const keyPath = '/var/lib/kubelet/kubelet-key.pem';
const below = '/var/lib/firstboot/';

/** An undisturbed boot, and what it leaves. */
type Undisturbed = {
  readonly tree: Tree;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Milliseconds of each phase, and of the whole run. */
  readonly phases: ReadonlyMap<string, number>;
  readonly whole: number;
  /** How often it changed something in the root. */
  readonly operations: number;
};

async function bootUndisturbed({ machine, newRoot, start }: Bench): Promise<Undisturbed> {
  const root = newRoot();
  startMachine(root, machine);
  const began = performance.now();
  const lines: { readonly event: BootEvent; readonly at: number }[] = [];
  const onEvent = (event: BootEvent) => void lines.push({ event, at: performance.now() });
  const { code, said } = await start(root, onEvent, killAtOperation(0, 0)).ended;
  expect(code, said).toBe(0);
  // Not so when it says anything else, of a file outside the root for one.
  expect(operationsIn(said), said).toBeGreaterThan(0);
  const starts = lines.filter(({ event }) => event.status === 'start');
  const phases = starts.map(({ event, at }, index) => [event.phase, (starts[index + 1]?.at ?? at) - at] as const);
  const tree = treeOf(root);
  return {
    tree,
    files: comparable(tree),
    folders: foldersOf(root),
    phases: new Map(phases),
    whole: performance.now() - began,
    operations: operationsIn(said),
  };
}

/**
 * A boot that is killed at a random moment: of the whole run, of a phase chosen first (most are short), or at or just after a
 * change of a file. It may be done before.
 */
function startAndKill({ start }: Bench, root: string, { phases, whole, operations }: Undisturbed) {
  const kind = pick(['moment', 'phase', 'operation', 'operation'] as const);
  if (kind === 'operation') {
    const delay = random() < 0.5 ? 0 : random() * 0.003;
    return start(root, undefined, killAtOperation(1 + Math.floor(random() * operations), delay));
  }
  const phase = pick(bootPhases);
  const delay = random() * (kind === 'moment' ? whole : (phases.get(phase) ?? 0)) * 1.2;
  const program = start(root, event => {
    if (kind === 'phase' && event.phase === phase && event.status === 'start') setTimeout(program.kill, delay);
  });
  if (kind === 'moment') setTimeout(program.kill, delay);
  return program;
}

function needlesOf(key: string): readonly Buffer[] {
  const lines = key.split('\n').filter(line => line !== '' && !line.startsWith('-----'));
  const der = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' });
  return [...lines.map(line => Buffer.from(line)), der.subarray(-64, -32), der.subarray(32, 64)];
}

function watchedOf({ tree }: Undisturbed): readonly Watched[] {
  return [...tree.values()].map(({ path, mode, size }) => ({
    path,
    mode: Number.parseInt(mode, 8),
    size: /(?:report|state)\.json$/.test(path) ? undefined : size,
    secret: path === keyPath,
  }));
}

test(
  `killed ${wantedKills} times at random moments: never a torn or open file, and the rerun ends as an undisturbed run`,
  async () => {
    const bench = await openBench();
    const undisturbed = await bootUndisturbed(bench);
    const needles = needlesOf(bench.key);
    const watched = watchedOf(undisturbed);
    const kills = new Map<string, number>();
    let count = 0;
    let looks = 0;
    while (count < wantedKills) {
      const root = bench.newRoot();
      startMachine(root, bench.machine);
      const watcher = await watch(root, watched);
      // A boot that is killed again and again, up to four times.
      for (let left = 1 + Math.floor(random() * 4); left > 0 && count < wantedKills; left--) {
        const { code, last } = await startAndKill(bench, root, undisturbed).ended;
        const where = `kill ${count + 1} in ${last?.phase ?? 'the start of Python'}`;
        expect([torn(root, undisturbed.tree), leaks(root, needles, keyPath)], where).toEqual([[], []]);
        if (code !== null) continue;
        count++;
        const phase = last ? `${last.phase}${last.status === 'ok' ? ' (after)' : ''}` : 'before the first line';
        kills.set(phase, (kills.get(phase) ?? 0) + 1);
      }
      const { code, said } = await bench.start(root).ended;
      expect([code, said]).toEqual([0, '']);
      looks += watcher.rounds();
      expect(await watcher.stop()).toEqual([]);
      expect(comparable(treeOf(root))).toEqual(undisturbed.files);
      expect(foldersOf(root)).toEqual(undisturbed.folders);
      expect(leaks(root, needles, keyPath)).toEqual([]);
      discard(root);
    }
    const spread = [...kills].sort(([, a], [, b]) => b - a).map(([phase, times]) => `${phase} ${times}`);
    process.stdout.write(`${count} kills (seed ${FIRSTBOOT_SEED}): ${spread.join(', ')}; ${looks} looks at the tree\n`);
  },
  60_000 + wantedKills * 4_000,
);

test(
  'a power cut while cloud-init writes the files: no kubelet, no key, and the next boot mends it',
  async () => {
    const bench = await openBench();
    const { machine } = bench;
    const undisturbed = await bootUndisturbed(bench);
    for (let n = 0; n < rounds; n++) {
      const root = bench.newRoot();
      // The last is `ready`: when it is there, even empty, so is all before it.
      const half = 1 + Math.floor(random() * (machine.files.length - 2));
      startMachine(root, { ...machine, files: machine.files.slice(0, half) });
      const next = machine.files[half];
      if (next) materialise(root, [{ ...next, content: next.content.subarray(0, next.content.length / 2) }]);
      await failsClosed(bench, root, `${half} of ${machine.files.length} files`);
      expect(startMachine(root, machine)).toBe('first boot');
      expect((await bench.start(root).ended).code).toBe(0);
      expect(comparable(treeOf(root))).toEqual(undisturbed.files);
      discard(root);
    }
  },
  60_000 + rounds * 8_000,
);

test(
  'a file that lost its end though the last one is there: BOOT_IDENTIFY_FILES, and the next boot mends it',
  async () => {
    const bench = await openBench();
    const { machine } = bench;
    const undisturbed = await bootUndisturbed(bench);
    const config = machine.files.filter(({ path, content }) => !/firstboot/.test(path) && content.length > 1);
    for (let n = 0; n < rounds; n++) {
      const root = bench.newRoot();
      startMachine(root, machine);
      const { path, content } = pick(config);
      fs.truncateSync(inRoot(root, path), Math.floor(content.length * random()));
      const last = await failsClosed(bench, root, path);
      expect([path, last?.status, last?.code]).toEqual([path, 'failed', 'BOOT_IDENTIFY_FILES']);
      expect(startMachine(root, machine)).toBe('first boot');
      expect((await bench.start(root).ended).code).toBe(0);
      expect(comparable(treeOf(root))).toEqual(undisturbed.files);
      discard(root);
    }
  },
  60_000 + rounds * 8_000,
);

/** It does not end well, has fetched no secret and would have started no kubelet. The last line, if it came to one. */
async function failsClosed(bench: Bench, root: string, what: string): Promise<BootEvent | undefined> {
  const { code, last } = await bench.start(root).ended;
  expect(code, what).toBeGreaterThan(0);
  expect(fs.existsSync(inRoot(root, keyPath)), what).toBe(false);
  const report = inRoot(root, `${below}report.json`);
  if (fs.existsSync(report)) expect(fs.readFileSync(report, 'utf8'), what).not.toContain('start kubelet.service');
  return last;
}

test('the checks themselves: a torn file, an open file and a leak are seen', async () => {
  const bench = await openBench();
  const undisturbed = await bootUndisturbed(bench);
  const root = bench.newRoot();
  startMachine(root, bench.machine);
  expect((await bench.start(root).ended).code).toBe(0);
  const watcher = await watch(root, watchedOf(undisturbed));
  fs.chmodSync(inRoot(root, keyPath), 0o640);
  fs.truncateSync(inRoot(root, '/usr/local/bin/kubelet'), 99);
  fs.copyFileSync(inRoot(root, keyPath), inRoot(root, '/etc/crictl.yaml.firstboot'));
  fs.chmodSync(inRoot(root, '/var/lib/kubelet'), 0o750);
  const until = watcher.rounds() + 2;
  while (watcher.rounds() < until) await new Promise(resolve => setTimeout(resolve, 1));
  expect(await watcher.stop()).toEqual(
    expect.arrayContaining([
      `${keyPath} had mode 640`,
      '/usr/local/bin/kubelet had 99 of 196672 bytes',
      '/etc/crictl.yaml.firstboot had mode 640',
      '/var/lib/kubelet had mode 750',
    ]),
  );
  expect(torn(root, undisturbed.tree)).toEqual([
    '/etc/crictl.yaml.firstboot has mode 0640',
    '/usr/local/bin/kubelet is not whole',
    `${keyPath} has mode 0640`,
  ]);
  expect(leaks(root, needlesOf(bench.key), keyPath)).toEqual([
    inRoot(root, '/etc/crictl.yaml.firstboot'),
    inRoot(root, keyPath),
  ]);
});
