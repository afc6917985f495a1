import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { type Cluster, resolve } from '../../src/spec/resolve.ts';
import { specSchema } from '../../src/spec/schema.ts';
import { issueExample } from '../real/cluster.ts';
import type { Lane } from './lane.ts';
import { openWorld, type Saved, save } from './world.ts';

/** A command that is killed, and the cluster that it works on. */
export type Scenario = {
  readonly name: string;
  readonly workers: 1 | 2;
  readonly aws?: Readonly<Record<string, unknown>>;
  /** The workers run already, each with a pod on it. */
  readonly runs?: boolean;
  /** What the spec says more than when they were launched. */
  readonly drift?: Readonly<Record<string, unknown>>;
  readonly argv: readonly string[];
  /** What is to be there in the end: archives in the bucket, live instances. */
  readonly leaves: { readonly staged: number; readonly live: number };
};

const scoped = { delivery: 'instance-scoped' };
const kept = { eni: 'keep' };

export const scenarios: readonly Scenario[] = [
  { name: 'stage', workers: 2, argv: ['stage'], leaves: { staged: 2, live: 0 } },
  { name: 'launch', workers: 2, argv: ['apply', '--yes'], leaves: { staged: 0, live: 2 } },
  {
    name: 'launch-scoped',
    workers: 1,
    aws: { ...scoped, ...kept },
    argv: ['apply', '--yes'],
    leaves: { staged: 0, live: 1 },
  },
  {
    name: 'drift',
    workers: 1,
    aws: kept,
    runs: true,
    drift: { kubelet: { config: { maxPods: 200 } } },
    argv: ['apply', '--yes'],
    leaves: { staged: 0, live: 1 },
  },
  {
    name: 'replace',
    workers: 1,
    aws: scoped,
    runs: true,
    argv: ['replace', '--yes'],
    leaves: { staged: 0, live: 1 },
  },
  {
    name: 'destroy',
    workers: 1,
    aws: { ...kept, terminationProtection: true },
    runs: true,
    argv: ['destroy', '--yes'],
    leaves: { staged: 0, live: 0 },
  },
];

/** A scenario in a lane, ready to begin again and again. */
export type Stage = {
  readonly scenario: Scenario;
  readonly lane: Lane;
  /** cluster.yaml; its folder has the keys. */
  readonly spec: string;
  readonly cluster: Cluster;
  readonly saved: Saved | undefined;
};

export async function setUp(scenario: Scenario, lane: Lane): Promise<Stage> {
  const names = lane.workers.slice(0, scenario.workers);
  const workers = Object.fromEntries(names.map((name, index) => [name, { privateIp: `10.0.1.${20 + index}` }]));
  const changes = Object.fromEntries(Object.entries(scenario.aws ?? {}).map(([name, value]) => [`aws.${name}`, value]));
  const spec = issueExample({ name: scenario.name, changes: { ...changes, workers }, keyType: 'ec' });
  const saved = scenario.runs ? await launchAll(spec, lane) : undefined;
  if (scenario.drift) writeFileSync(spec, stringify({ ...parse(readFileSync(spec, 'utf8')), ...scenario.drift }));
  return { scenario, lane, spec, cluster: clusterIn(spec), saved };
}

async function launchAll(spec: string, lane: Lane): Promise<Saved> {
  const world = await openWorld(clusterIn(spec), lane.nodes);
  lane.enter(world);
  const { code, stderr } = await lane.run(spec, ['apply', '--yes']);
  if (code !== 0) throw new Error(stderr);
  const saved = await save(world);
  await world.close();
  return saved;
}

function clusterIn(spec: string): Cluster {
  return resolve(specSchema.parse(parse(readFileSync(spec, 'utf8'))), 'cluster.yaml');
}
