import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Case, casesFor, parseCase, textOf } from '../aws-kill/cases.ts';
import { differences } from '../aws-kill/differences.ts';
import { openLab } from '../aws-kill/lab.ts';
import { type Lane, openLane } from '../aws-kill/lane.ts';
import { leaksIn, needlesFor } from '../aws-kill/leaks.ts';
import { outcomeOf, unrecorded } from '../aws-kill/outcome.ts';
import { perform, type Result } from '../aws-kill/perform.ts';
import { plantedIn } from '../aws-kill/planted.ts';
import { problemsOf } from '../aws-kill/problems.ts';
import { type Stage, scenarios, setUp } from '../aws-kill/scenarios.ts';
import { leaksOfWords } from '../aws-kill/words.ts';
import { openWorld } from '../aws-kill/world.ts';
import { type KubeLab, kubeNeeds } from './kube-lab.ts';
import { need } from './lab.ts';

/** How many kills, from which seed; or one case alone, as a failure prints it: `launch: RunInstances 1 unanswered`. */
const { FIRSTBOOT_AWS_KILLS = '300', FIRSTBOOT_AWS_SEED = '1', FIRSTBOOT_AWS_CASE } = process.env;
const wantedKills = Number(FIRSTBOOT_AWS_KILLS);
/** Processes at a time. */
const laneCount = 2;

let lab: KubeLab;
const lanes: Lane[] = [];
const here = kubeNeeds.every(({ missing }) => missing() === undefined);

beforeAll(async () => {
  if (!here) return;
  lab = await openLab();
  for (let lane = 0; lane < laneCount; lane++)
    lanes.push(await openLane(lab, [`worker-${2 * lane}`, `worker-${2 * lane + 1}`]));
});
afterAll(async () => {
  for (const lane of lanes) await lane.close();
  await lab?.close();
});

/** A scenario in a lane, and what its command does when nobody kills it. */
type Ready = { readonly stage: Stage; readonly whole: Result };

test(
  `killed ${wantedKills} times at its calls: the command run again ends as one that was not`,
  async context => {
    need(context, ...kubeNeeds);
    const ready = await Promise.all(lanes.map(readyIn));
    const calls = new Map([...(ready[0] ?? [])].map(([name, { whole }]) => [name, whole.calls]));
    const alone = FIRSTBOOT_AWS_CASE === undefined ? undefined : [parseCase(FIRSTBOOT_AWS_CASE)];
    const cases = alone ?? casesFor(calls, wantedKills, Number(FIRSTBOOT_AWS_SEED));
    const queue = [...cases];
    const failed: string[] = [];
    let kills = 0;
    const work = async (stages: ReadonlyMap<string, Ready>) => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { killed, problems } = await tryCase(stages, next).catch(brokenOff);
        kills += killed;
        if (problems.length > 0) failed.push(`FIRSTBOOT_AWS_CASE='${textOf(next)}'\n${problems.join('\n')}`);
      }
    };
    await Promise.all(ready.map(work));
    process.stdout.write(`${kills} kills (seed ${FIRSTBOOT_AWS_SEED}): ${spreadOf(cases)}\n`);
    expect(failed.join('\n\n')).toBe('');
    expect(kills).toBeGreaterThan(cases.length * 0.9);
  },
  120_000 + wantedKills * 6_000,
);

test('plans, JSON documents and the words of refused commands hold no secret', async context => {
  need(context, ...kubeNeeds);
  for (const [name, refusals] of [
    ['launch', 12],
    ['drift', 2],
  ] as const) {
    const { leaks, refused } = await leaksOfWords(await stageOf(name));
    expect(leaks).toEqual([]);
    expect(refused).toBeGreaterThanOrEqual(refusals);
  }
});

test('the search itself: a key or an object id is found wherever and however it stands', async context => {
  need(context, ...kubeNeeds);
  const stage = await stageOf('launch');
  const { exchanges, ended } = await perform(stage, { targets: [] });
  const needles = needlesFor(stage, exchanges);
  expect([needles.keys.length, needles.objectIds.length]).toEqual([3, 2]);
  expect(leaksIn(exchanges, ended, needles)).toEqual([]);
  for (const [what, planted] of plantedIn(stage, exchanges))
    expect(leaksIn(planted, [], needles).length, what).toBeGreaterThan(0);
});

test('the checks themselves: what a kill leaves is seen, until the command is run again', async context => {
  need(context, ...kubeNeeds);
  const left = async (name: string, target: string) => {
    const stage = await stageOf(name);
    const { outcome } = await perform(stage, parseCase(`${name}: ${target}`), 0);
    return problemsOf(outcome, stage.scenario).join('; ');
  };
  const cordoned = await left('replace', 'PATCH nodes/worker-0 1 unanswered');
  expect(cordoned).toMatch(/lock\.json; 1 reservations; cordoned: .*; an operation is open/);
  const launched = await left('drift', 'RunInstances 1 answered');
  expect(launched).toMatch(/^i-\w+ is no record’s; staged: secrets\/.*; an operation is open$/);
  expect(await left('destroy', 'TerminateInstances 2 unanswered')).toContain('0 instances and 1 Nodes live');
  const stage = await stageOf('replace');
  const world = await openWorld(stage.cluster, stage.lane.nodes, stage.saved);
  const [machine] = world.ec2.machines();
  const { request } = world.ec2.calls.launchedAs(machine?.instanceId ?? '') ?? {};
  if (!request) throw new Error('nothing runs');
  const network = { kind: 'address', privateIp: '10.0.1.99', securityGroups: [] } as const;
  const { instanceId } = await world.ec2.compute.launch({ ...request, network, clientToken: 'another' });
  expect(await unrecorded(world)).toEqual([instanceId]);
  expect((await outcomeOf(world)).violations).toEqual([expect.stringMatching(/^worker from-scratch\/worker-0: /)]);
  await world.close();
});

async function stageOf(name: string): Promise<Stage> {
  const scenario = scenarios.find(one => one.name === name);
  const [lane] = lanes;
  if (!scenario || !lane) throw new Error(`there is no scenario ${name}`);
  return setUp(scenario, lane);
}

async function readyIn(lane: Lane): Promise<ReadonlyMap<string, Ready>> {
  const all = new Map<string, Ready>();
  for (const scenario of scenarios) {
    const stage = await setUp(scenario, lane);
    const whole = await perform(stage, { targets: [] });
    expect([whole.ended[0], ...problemsOf(whole.outcome, scenario)]).toEqual([whole.ended[0]]);
    expect(whole.ended[0]?.code, whole.ended[0]?.stderr).toBe(0);
    all.set(scenario.name, { stage, whole });
  }
  return all;
}

async function tryCase(stages: ReadonlyMap<string, Ready>, { scenario, targets }: Case) {
  const { stage, whole } = stages.get(scenario) ?? {};
  if (!stage || !whole) throw new Error(`there is no scenario ${scenario}`);
  const result = await perform(stage, { targets });
  const reruns = result.ended.slice(result.kills);
  const needles = needlesFor(stage, [...whole.exchanges, ...result.exchanges]);
  const leaks = leaksIn(result.exchanges, result.ended, needles);
  const problems = [...result.problems, ...problemsOf(result.outcome, stage.scenario), ...leaks];
  for (const { code, stderr } of reruns) if (code !== 0) problems.push(`the rerun ended with ${code}: ${stderr}`);
  const differs = differences(result.outcome, whole.outcome);
  problems.push(...(beginsAgain({ scenario, targets }) ? differs.filter(one => !one.includes('generation')) : differs));
  return { killed: result.kills, problems };
}

/** A command that does not end, for one. */
function brokenOff(error: Error): Awaited<ReturnType<typeof tryCase>> {
  return { killed: 0, problems: [error.message] };
}

/** “launch 70, PutObject workers 160, RunInstances 12”. */
function spreadOf(cases: readonly Case[]): string {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { scenario } of cases) count(scenario);
  for (const { call } of cases.flatMap(({ targets }) => targets)) count(call.replace(/\/.*/, ''));
  return [...counts].map(([name, times]) => `${name} ${times}`).join(', ');
}

/** It was killed when its lock was gone already, so it had ended: run again, `replace` replaces what it replaced before. */
function beginsAgain({ scenario, targets }: Case): boolean {
  return (
    scenario === 'replace' &&
    targets.some(({ call, moment }) => call === 'DeleteObjects lock.json' && moment !== 'sent')
  );
}
