import { violations } from '../../src/local/cloud/ec2-audit.ts';
import type { Case } from './cases.ts';
import type { Ended } from './command.ts';
import type { Exchange } from './gate.ts';
import { type Outcome, outcomeOf, unrecorded } from './outcome.ts';
import type { Stage } from './scenarios.ts';
import { openWorld, type World } from './world.ts';

/** How a case went. */
export type Result = {
  /** Targets that were met; one that is not met ends the case like any run. */
  readonly kills: number;
  /** Of the runs that were not killed: none but 0 is good, and one of them is enough. */
  readonly ended: readonly Ended[];
  readonly outcome: Outcome;
  /** What must not be right after a kill. */
  readonly problems: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** Of the last run. */
  readonly calls: readonly string[];
};

/** Runs a scenario from its beginning: killed at the targets, and again to its end. `reruns`: 0 leaves it as it was killed. */
export async function perform(
  { scenario, lane, spec, cluster, saved }: Stage,
  { targets }: Pick<Case, 'targets'>,
  reruns = 3,
): Promise<Result> {
  const world = await openWorld(cluster, lane.nodes, saved);
  lane.enter(world);
  const problems: string[] = [];
  const ended: Ended[] = [];
  let kills = 0;
  const run = async (target?: (typeof targets)[number]) => {
    const one = await lane.run(spec, scenario.argv, target);
    const isKilled = one.code === null;
    if (isKilled !== lane.gate.isHit()) problems.push(`exit code ${one.code}, though killed: ${lane.gate.isHit()}`);
    ended.push(one);
    return isKilled;
  };
  try {
    for (const target of [...targets, ...Array<undefined>(reruns)]) {
      if (await run(target)) {
        kills += 1;
        problems.push(...(await brokenNow(world)));
      } else if (ended.at(-1)?.code === 0) break;
    }
    const outcome = await outcomeOf(world);
    const exchanges = lane.gate.takeExchanges();
    return { kills, ended, outcome, problems, exchanges, calls: [...lane.gate.calls()] };
  } finally {
    await world.close();
  }
}

async function brokenNow(world: World): Promise<readonly string[]> {
  const unknown = (await unrecorded(world)).map(id => `${id} is on no record`);
  return [...unknown, ...violations(world.ec2.audit())];
}
