import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FaultRule } from '../../src/local/cloud/cloud.ts';
import type { Ended } from './command.ts';
import type { Exchange } from './gate.ts';
import { leaksIn, needlesFor } from './leaks.ts';
import type { Stage } from './scenarios.ts';
import { openWorld } from './world.ts';

type Refusal = { readonly call: string; readonly code: string; readonly nth: number };

/** Each of the first so many such calls in a run of its own. */
const first = (count: number, call: string, code: string): readonly Refusal[] =>
  Array.from({ length: count }, (_, index) => ({ call, code, nth: index + 1 }));

/** By scenario. */
const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  launch: [
    ...first(9, 'PutObject', 'AccessDenied'),
    ...first(1, 'GetObject', 'AccessDenied'),
    ...first(3, 'ListObjectVersions', 'AccessDenied'),
    ...first(2, 'DeleteObjects', 'AccessDenied'),
    ...first(1, 'RunInstances', 'UnauthorizedOperation'),
  ],
  drift: [
    ...first(1, 'CreateCapacityReservation', 'UnauthorizedOperation'),
    ...first(1, 'RunInstances', 'InsufficientInstanceCapacity'),
  ],
};

export type Words = {
  readonly leaks: readonly string[];
  /** Runs that ended badly, as they should. */
  readonly refused: number;
};

/** What commands print and write of a scenario, and what they say when they are refused. */
export async function leaksOfWords(stage: Stage): Promise<Words> {
  const { scenario, spec, lane } = stage;
  const ended: Ended[] = [];
  const exchanges: Exchange[] = [];
  const run = async (commands: readonly (readonly string[])[], faults: readonly FaultRule[] = []) => {
    const world = await openWorld(stage.cluster, lane.nodes, stage.saved, faults);
    lane.enter(world);
    for (const argv of commands) ended.push(await lane.run(spec, argv));
    exchanges.push(...lane.gate.takeExchanges());
    await world.close();
  };
  const plans = [['plan', '--json'], ['plan', '--markdown'], ['plan', '--out', 'the.plan'], ['status']];
  await run([...plans, [...scenario.argv, '--json'], ['status', '--json'], ['gc', '--yes']]);
  const calm = ended.filter(({ code }) => code !== 0).map(({ code, stderr }) => `exit code ${code}: ${stderr}`);
  const key = keyIn(exchanges);
  for (const refusal of refusals[scenario.name] ?? []) {
    const json = refusal.nth % 2 === 0 ? ['--json'] : [];
    await run(
      [
        [...scenario.argv, ...json],
        ['status', ...json],
      ],
      [ruleOf(refusal, key)],
    );
  }
  const folder = dirname(spec);
  const written = [join(folder, 'the.plan'), await serverLog(stage, ended)];
  const files = written.map(file => ({ code: 0, stdout: readFileSync(file, 'utf8'), stderr: '' }));
  const leaks = leaksIn(exchanges, [...ended, ...files], needlesFor(stage, exchanges));
  return { leaks: [...calm, ...leaks], refused: ended.filter(({ code }) => code === 1).length };
}

/** What the embedded cloud writes that runs beside the commands; its name. */
async function serverLog({ lane, spec }: Stage, ended: Ended[]): Promise<string> {
  const state = ['--state', 'cloud'];
  const local = ['--local', ...state];
  const commands = [
    ['local', 'up', ...state],
    ['stage', ...local],
    ['apply', '--yes', '--wait', 'none', ...local],
    ['status', ...local],
    ['local', 'down', ...state],
  ];
  for (const argv of commands) ended.push(await lane.run(spec, argv));
  return join(dirname(spec), 'cloud/server.log');
}

/** The key of an archive that was put. */
function keyIn(exchanges: readonly Exchange[]): string {
  const put = exchanges.find(({ call }) => call === 'PutObject secrets/…');
  return /\/(secrets\/[^?]*)/.exec(put?.ask.url ?? '')?.[1] ?? '';
}

/** AWS’s words name who asks, and the object. */
function ruleOf({ call, code, nth }: Refusal, key: string): FaultRule {
  const who = 'User: arn:aws:iam::123456789012:user/operator is not authorized to perform this';
  const message = `${who} on resource: "arn:aws:s3:::example-firstboot/${key}"`;
  return { call, nth, effect: { kind: 'error', code, message } };
}
