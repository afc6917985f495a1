import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CommandIo } from '../../src/commands/io.ts';
import { openLocalSide } from '../../src/commands/local-side.ts';
import { rolloutChoices } from '../../src/commands/rollout-choices.ts';
import { summaryOf } from '../../src/commands/rollout-summary.ts';
import { createView } from '../../src/commands/rollout-view.ts';
import { isRunId, leftRun, openRun } from '../../src/commands/run-id.ts';
import { takeLock } from '../../src/rollout/lock.ts';
import { exampleCluster, testStart } from '../support/cloud.ts';
import { makeCluster, run as runWithJson, type TestCluster } from '../support/cluster.ts';

function ioTo({ now = testStart, ...parts }: { colour?: boolean; json?: boolean; now?: number } = {}) {
  const said: string[] = [];
  const err = (text: string) => said.push(text);
  const io = { out() {}, err, colour: false, json: false, now: () => now, ...parts };
  return { io: io as unknown as CommandIo, said: () => said.join('') };
}

/** Without the getter of `json`, which a matcher would call. */
async function run(cluster: TestCluster, ...argv: readonly string[]) {
  const { code, out, err } = await runWithJson(cluster, ...argv);
  return { code, out, err: err.replace(/\s+/g, ' ') };
}

describe('on the embedded cloud', () => {
  const noWait = ['--local', '--yes', '--wait', 'none'] as const;

  test('apply, again, replace, destroy, gc: exit codes, texts and one document each', async () => {
    const cluster = await makeCluster();
    const asked = await run(cluster, 'apply', '--local', '--wait', 'none');
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('nobody can be asked here') });
    const first = await run(cluster, 'apply', ...noWait, '--json');
    expect(first.code).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({
      cluster: 'from-scratch',
      workers: [
        { worker: 'worker-0', outcome: 'launched', verified: 'none' },
        { worker: 'worker-1', outcome: 'launched' },
      ],
      remaining: [],
    });
    await shown(cluster);
    const again = await run(cluster, 'apply', ...noWait);
    expect(again).toMatchObject({ code: 0, out: 'nothing was to be done.\n' });
    const undrained = await run(cluster, 'replace', 'worker-0', ...noWait);
    expect(undrained).toMatchObject({ code: 1, err: expect.stringContaining('DRAIN_IMPOSSIBLE') });
    const gone = await run(cluster, 'destroy', 'worker-0', '--local', '--yes', '--ignore-drain-failure');
    expect(gone).toMatchObject({ code: 0, out: '1 retired.\n' });
    const swept = await run(cluster, 'gc', '--local', '--yes');
    expect(swept.code).toBe(0);
    expect(swept.out.replace(/\s+/g, ' ')).toMatch(
      /worker-1 \(i-\w+\) was not waited for and is not proven yet.*nothing is left to be removed\./,
    );
    expect(fs.existsSync(path.join(cluster.folder, '.firstboot-run'))).toBe(false);
  }, 60_000);

  test('another’s lock is told, and goes by its ID only', async () => {
    const cluster = await makeCluster();
    const { id } = await lockedByBob(cluster);
    const held = await run(cluster, 'apply', ...noWait);
    expect(held.code).toBe(1);
    const text = held.err;
    expect(text).toMatch(/LOCK_HELD: .*bob@laptop since .*`firstboot replace worker-1`, run run-7/);
    expect(text).toContain(`firstboot unlock ${id}`);
    expect(await run(cluster, 'unlock', 'ffff', '--local', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('LOCK_NOT_FOUND'),
    });
    expect(await run(cluster, 'unlock', id, '--local')).toMatchObject({ code: 2 });
    expect(await run(cluster, 'unlock', id, '--local', '--yes')).toMatchObject({ code: 0 });
    expect(await run(cluster, 'apply', ...noWait)).toMatchObject({ code: 0, out: '2 launched.\n' });
  }, 60_000);

  test('a run of the same name takes its dead lock up again', async () => {
    const cluster = await makeCluster();
    await lockedByBob(cluster);
    const resumed = await run(cluster, 'apply', ...noWait, '--run-id', 'run-7');
    expect(resumed).toMatchObject({ code: 0, err: expect.stringMatching(/lock [0-9a-f]{12} taken up again/) });
  }, 60_000);

  test('killed when all was done: the same command, run again, removes the lock that was left', async () => {
    const cluster = await makeCluster();
    for (const [command, code] of [
      ['destroy', 1],
      ['apply', 0],
    ] as const) {
      const { id } = await lockedByBob(cluster, command);
      const again = await run(cluster, 'destroy', '--local', '--yes', '--run-id', 'run-7');
      expect(again).toMatchObject({ code: 0, out: '' });
      expect(await run(cluster, 'unlock', id, '--local', '--yes'), command).toMatchObject({ code });
    }
  }, 60_000);

  test('a plan file whose run was cut off is gone on with by that run alone', async () => {
    const cluster = await makeCluster();
    expect((await run(cluster, 'plan', '--local', '--out', 'plan.json')).code).toBe(0);
    expect((await run(cluster, 'apply', ...noWait)).code).toBe(0);
    await shown(cluster);
    const moved = { code: 1, err: expect.stringContaining('PLAN_MOVED') };
    const rerun = ['apply', 'plan.json', ...noWait, '--run-id', 'run-7'] as const;
    expect(await run(cluster, ...rerun)).toMatchObject(moved);
    const { id } = await lockedByBob(cluster, 'apply other.json');
    expect(await run(cluster, ...rerun)).toMatchObject(moved);
    await run(cluster, 'unlock', id, '--local', '--yes');
    await lockedByBob(cluster, 'apply plan.json');
    const told = await run(cluster, ...rerun);
    expect([told.code, told.out], told.err).toEqual([0, 'nothing was to be done.\n']);
  }, 60_000);

  test('without a key nothing is done', async () => {
    const cluster = await makeCluster();
    cluster.remove('pki/worker-1-key.pem');
    const result = await run(cluster, 'apply', ...noWait);
    expect([result.code, result.err]).toEqual([1, expect.stringContaining('PKI_FILE_MISSING')]);
    const plan = await run(cluster, 'plan', '--local', '--json');
    expect(JSON.parse(plan.out).counts).toMatchObject({ launch: 2 });
  }, 60_000);
});

/** Until EC2 shows what was launched. */
async function shown(cluster: TestCluster): Promise<void> {
  for (let looks = 0; looks < 20; looks += 1) {
    const { out } = await run(cluster, 'plan', '--local', '--json');
    if (JSON.parse(out).counts.keep === 2) return;
  }
  throw new Error('the instances are not shown');
}

/** The lock of a run that is dead, in the cluster’s embedded cloud. */
async function lockedByBob(cluster: TestCluster, command = 'replace worker-1') {
  const io = { ...ioTo().io, cwd: cluster.folder, now: () => Date.now(), packageFolder: '' } as CommandIo;
  const spec = exampleCluster();
  const side = await openLocalSide(spec, { cluster: path.join(cluster.folder, 'cluster.yaml') }, io);
  try {
    const wish = { run: 'run-7', holder: 'bob@laptop', command, timeout: 0 };
    return (await takeLock({ ...side, cluster: spec }, wish)).lock;
  } finally {
    await side.close();
  }
}

test('a summary has the workers in the order of the plan, whichever ended first', () => {
  const finished = (worker: string) =>
    ({ kind: 'finished', at: 0, worker, outcome: 'launched', instanceId: null, verified: 'none', seconds: 1 }) as const;
  const { workers } = summaryOf(['worker-10', 'worker-1', 'worker-2'].map(finished), [
    'worker-1',
    'worker-2',
    'worker-10',
  ]);
  expect(workers.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2', 'worker-10']);
});

describe('options', () => {
  test.each([
    [{ timeout: '3x' }, '--timeout “3x” is no time'],
    [{ 'drain-timeout': '0s' }, '--drain-timeout “0s” is no time'],
    [{ 'lock-timeout': 'soon' }, '--lock-timeout “soon” is no time'],
    [{ 'run-id': 'a b' }, '--run-id “a b” is no name of a run'],
    [{ wait: 'ready' }, '--wait ready asks the api-server, and there is no kubeconfig'],
    [{}, '--wait registered asks the api-server'],
  ])('%j is wrong usage', (options, problem) => {
    const { io, said } = ioTo();
    expect(rolloutChoices(options, false, io)).toBe(2);
    expect(said()).toContain(problem);
    expect(said()).toContain('hint: ');
  });

  test('defaults and times', () => {
    const { io } = ioTo();
    expect(rolloutChoices({ timeout: '90s', 'lock-timeout': '0s', force: true }, true, io)).toMatchObject({
      wait: 'registered',
      timeout: 90_000,
      lockTimeout: 0,
      drain: { timeout: 600_000, force: true, deleteEmptyDirData: false },
    });
  });
});

describe('the name of a run', () => {
  const folder = () => {
    const made = fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'firstboot-run-'));
    onTestFinished(() => fs.rmSync(made, { recursive: true, force: true }));
    return made;
  };

  test('as given, or the pipeline’s own, whichever attempt it is', () => {
    expect(openRun('mine', '/nowhere', { GITHUB_RUN_ID: '7' }).id).toBe('mine');
    expect(openRun(undefined, '/nowhere', { GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2' }).id).toBe('github-7');
    expect(openRun(undefined, '/nowhere', { BITBUCKET_PIPELINE_UUID: '{a-b}' }).id).toBe('bitbucket--a-b-');
  });

  test('outside CI a nonce beside the spec: kept by a run that was killed, removed by one that ended', () => {
    const place = folder();
    const first = openRun(undefined, place, {});
    expect(isRunId(first.id)).toBe(true);
    expect(openRun(undefined, place, {}).id).toBe(first.id);
    first.over();
    expect(openRun(undefined, place, {}).id).not.toBe(first.id);
  });

  test('what was killed here is known before a run begins, and what has a name may be going on', () => {
    const place = folder();
    expect(leftRun(undefined, place, {})).toBeUndefined();
    const { id, over } = openRun(undefined, place, {});
    expect(leftRun(undefined, place, {})).toEqual({ id, killed: true });
    expect(leftRun('run-7', place, {})).toEqual({ id: 'run-7', killed: false });
    over();
    expect(leftRun(undefined, place, { GITHUB_RUN_ID: '7' })).toEqual({ id: 'github-7', killed: false });
  });

  test('two commands at once are two runs', () => {
    const place = folder();
    const nonce = '00000000';
    fs.writeFileSync(path.join(place, '.firstboot-run'), JSON.stringify({ nonce, pid: process.ppid }));
    expect(openRun(undefined, place, {}).id).not.toContain(nonce);
  });

  test('a folder that cannot be written is no obstacle', () => {
    expect(openRun(undefined, '/proc/nowhere', {}).id).toMatch(/@.*-[0-9a-f]{8}$/);
  });
});

describe('progress', () => {
  const at = testStart;
  const events = [
    { kind: 'lock', at, id: 'abc', resumed: false },
    { kind: 'step', at, worker: 'worker-0', step: 'launch', status: 'start' },
    { kind: 'step', at, worker: 'worker-0', step: 'launch', status: 'done', detail: 'i-1, t3.medium' },
    { kind: 'waiting', at, worker: 'worker-1', step: 'await-running', detail: 'i-2 is pending' },
    { kind: 'waiting', at, worker: 'worker-2', step: 'await-running', detail: 'i-3 is pending' },
    {
      kind: 'finished',
      at,
      worker: 'worker-0',
      outcome: 'launched',
      instanceId: 'i-1',
      verified: 'booted',
      seconds: 62,
    },
  ] as const;

  test('plain lines where there is no terminal', () => {
    const { io, said } = ioTo();
    const view = createView(io);
    for (const event of events) view.show(event);
    view.end();
    expect(said().split('\n')).toEqual([
      '09:00:00Z lock abc taken',
      '09:00:00Z worker-0 launch: i-1, t3.medium',
      '09:00:00Z worker-1 await-running: i-2 is pending',
      '09:00:00Z worker-2 await-running: i-3 is pending',
      '09:00:00Z worker-0 launched on i-1, booted, after 62 s',
      '',
    ]);
  });

  const screen = () => ({ columns: 40, rows: 4 });

  test('on a terminal a line for each worker under way, never more than fit', () => {
    const { io, said } = ioTo({ colour: true });
    const view = createView(io, screen);
    for (const event of events) view.show(event);
    view.end();
    expect(render(said(), 60)).toEqual([
      '09:00:00Z lock abc taken',
      '09:00:00Z worker-0 launched on i-1, booted, after 62 s',
    ]);
    const early = ioTo({ colour: true });
    const partial = createView(early.io, screen);
    for (const event of events.slice(0, 5)) partial.show(event);
    expect(render(early.said(), 40)).toEqual([
      '09:00:00Z lock abc taken',
      'worker-0   0 s  launch: i-1, t3.medium',
      '… and 2 more',
    ]);
    partial.end();
  });

  test('a narrow terminal keeps the ends of long names, and nothing of what was written over', () => {
    const { io, said } = ioTo({ colour: true, now: at + 83_000 });
    const view = createView(io, () => ({ columns: 40, rows: 24 }));
    const step = 'await-running';
    for (const end of ['a', 'b'])
      view.show({ kind: 'waiting', at, worker: `worker-${'x'.repeat(55)}${end}`, step, detail: 'i-2 is pending' });
    view.show({ kind: 'warning', at, worker: null, message: 'a sentence that is wider than this terminal is.' });
    expect(render(said(), 40)).toEqual([
      '09:00:00Z warning: a sentence that is wi',
      'der than this terminal is.',
      'worker-…xxxxxxxa  83 s  await-running:…',
      'worker-…xxxxxxxb  83 s  await-running:…',
    ]);
    view.end();
  });
});

/** What a terminal shows in the end; it knows the sequences that the view uses. */
function render(text: string, columns: number): readonly string[] {
  const rows: string[] = [''];
  let [row, column] = [0, 0];
  const down = () => {
    row += 1;
    rows[row] ??= '';
  };
  for (const [token, count] of text.matchAll(/\u001b\[(\d+)A|\u001b\[[KJ]|[^\u001b]/g)) {
    if (count !== undefined) row -= Number(count);
    else if (token === '\n') {
      down();
      column = 0;
    } else if (token === '\r') column = 0;
    else if (token.startsWith('\u001b')) {
      rows[row] = rows[row]?.slice(0, column) ?? '';
      if (token.endsWith('J')) rows.splice(row + 1);
    } else {
      if (column === columns) {
        down();
        column = 0;
      }
      const line = (rows[row] ?? '').padEnd(column);
      rows[row] = line.slice(0, column) + token + line.slice(column + 1);
      column += 1;
    }
  }
  return rows.filter(line => line !== '');
}
