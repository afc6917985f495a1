import fs from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { compileWorkers } from '../../src/commands/compile-worker.ts';
import { readUserData } from '../../src/emit/read-user-data.ts';
import { openBinaries } from '../../src/local/binaries.ts';
import { type FaultName, faults } from '../../src/local/fault-table.ts';
import { codeOf, type Fault, phaseOf } from '../../src/local/faults.ts';
import type { Stored } from '../../src/local/object-server.ts';
import { rehearse } from '../../src/local/rehearse.ts';
import type { Subject } from '../../src/local/rehearse-machine.ts';
import { listRoot, openScratchRoot, type RootFile } from '../../src/local/scratch-root.ts';
import { type BootEvent, type BootPhase, type BootReport, bootPhases } from '../../src/report/report.ts';
import { type BootCluster, makeBootCluster } from '../support/boot.ts';
import { root as packageFolder } from '../support/cluster.ts';

/** A worker that is compiled once and rehearsed often. */
export type Stage = {
  readonly cluster: BootCluster;
  readonly subject: Subject;
  readonly binaries: readonly Stored[];
  /** What is in a root when all went well, but for the report. */
  readonly whole: readonly RootFile[];
};

type Options = {
  /** Each binary has a second URL, on another host. */
  readonly secondUrl?: boolean;
};

export async function makeStage({ secondUrl = false }: Options = {}): Promise<Stage> {
  const cluster = await makeBootCluster({ bytes: 16 << 10 });
  if (secondUrl) addSecondUrls(cluster);
  const compiled = await compileWorkers('cluster.yaml', ['worker-0'], {
    out: () => {},
    err: () => {},
    json: true,
    colour: false,
    now: Date.now,
    cwd: cluster.folder,
    packageFolder,
  } as never);
  const [subject] = typeof compiled === 'number' ? [] : compiled;
  if (!subject) throw new Error('the cluster does not compile');
  const wanted = readUserData(subject.artifacts.userData).manifest.binaries;
  const { stored: binaries } = await openBinaries(
    wanted.map(one => ({ ...one, arch: subject.worker.arch })),
    { mirror: cluster.mirror, cache: path.join(cluster.folder, 'cache') },
  );
  const stage = { cluster, subject, binaries, whole: [] };
  const root = path.join(cluster.folder, 'whole');
  const { ok, report } = await rehearseIn(root, stage, []);
  if (!ok) throw new Error(`a boot without faults failed: ${report.phases.at(-1)?.cause}`);
  return { ...stage, whole: filesIn(root) };
}

function addSecondUrls(cluster: BootCluster): void {
  const pins = parse(cluster.read('pins.yaml'));
  for (const versions of Object.values<any>(pins.binaries))
    for (const arches of Object.values<any>(versions))
      for (const pin of Object.values<any>(arches))
        pin.url = [pin.url, `https://mirror.example.com/${pin.url.split('//')[1]}`];
  cluster.write('pins.yaml', stringify(pins));
}

/** `events`: all that the console had, of every start. */
type Outcome = { readonly ok: boolean; readonly report: BootReport; readonly events: readonly BootEvent[] };

export async function rehearseIn(
  folder: string,
  { subject, binaries }: Stage,
  injected: readonly Fault[],
): Promise<Outcome> {
  const events: BootEvent[] = [];
  const { ok, report } = await rehearse(subject, {
    root: openScratchRoot(folder).folder,
    binaries,
    absent: [],
    faults: injected,
    now: Date.now,
    onEvent: event => events.push(event),
    signal: new AbortController().signal,
    pace: paceFor(injected),
    slowSeconds: 0.3,
  });
  return { ok, report, events };
}

/**
 * Patience ends only in a boot that fails: there the 900 s become 1.8 s. Where something else passes after some attempts
 * first, they stay 9 s (45 s, if that is in identify, which has but a fifteenth), so that a busy machine gets that far.
 */
function paceFor(injected: readonly Fault[]): number {
  if (failingPhase(injected) === undefined) return 0.1;
  const passing = injected.filter(({ name }) => faults[name].passes && faults[name].code !== undefined);
  if (passing.length === 0) return 0.002;
  return passing.some(fault => phaseOf(fault) === 'identify') ? 0.05 : 0.01;
}

/** What is wrong about a boot with faults, and about the one after it without; nothing, when all is as it should be. */
export async function complaintsOf(stage: Stage, injected: readonly Fault[]): Promise<readonly string[]> {
  const root = fs.mkdtempSync(path.join(stage.cluster.folder, 'root-'));
  const { ok, report, events } = await rehearseIn(root, stage, injected);
  const wanted = expected(injected, events);
  const complaints = [
    ...wanted.missing.map(code => `${code} was not seen`),
    ...(ok === wanted.ok ? [] : [`it ended ${ok ? 'well' : 'badly'}`]),
    ...(wanted.ok ? [] : complaintsOfEnd(report, wanted)),
    ...(startsKubelet(report) === ok ? [] : [`the kubelet was ${ok ? 'not ' : ''}started`]),
    ...complaintsOfFiles(filesIn(root), stage.whole),
  ];
  const again = await rehearseIn(root, stage, []);
  if (!again.ok) complaints.push(`the rerun failed: ${again.report.phases.at(-1)?.cause}`);
  if (JSON.stringify(filesIn(root)) !== JSON.stringify(stage.whole)) complaints.push('the rerun left another tree');
  fs.rmSync(root, { recursive: true });
  return complaints.map(one => `${nameOf(injected)}: ${one}`);
}

type Expected = {
  readonly ok: boolean;
  readonly phase: BootPhase | undefined;
  readonly codes: readonly (string | undefined)[];
  /** Codes of faults that the boot came to, and the console had not. */
  readonly missing: readonly string[];
};

function expected(injected: readonly Fault[], events: readonly BootEvent[]): Expected {
  const phase = failingPhase(injected);
  const last = injected.filter(fault => phaseOf(fault) === phase && !faults[fault.name].passes);
  const passing = injected.filter(fault => faults[fault.name].passes);
  const seen = new Set(events.map(({ code }) => code));
  const missing = passing.map(codeOf).filter(code => code !== undefined && !seen.has(code)) as string[];
  return { ok: phase === undefined, phase, codes: last.map(codeOf), missing };
}

function complaintsOfEnd(report: BootReport, { phase, codes }: Expected): readonly string[] {
  const end = report.phases.at(-1);
  const isExpected = end?.phase === phase && end?.status === 'failed' && codes.includes(end.code);
  return isExpected ? [] : [`it ended with ${end?.phase} ${end?.status} ${end?.code} (${end?.cause})`];
}

/** Under a final name is what belongs there, and nothing else. */
function complaintsOfFiles(files: readonly RootFile[], whole: readonly RootFile[]): readonly string[] {
  const right = new Map(whole.map(file => [file.path, file]));
  return files
    .filter(file => !/\.firstboot$/.test(file.path) && !isOwnRecord(file.path))
    .filter(file => JSON.stringify(right.get(file.path)) !== JSON.stringify(file))
    .map(file => `${file.path} is not as it should be (${file.mode}, ${file.size} bytes)`);
}

/** What the program notes for its next run. */
const isOwnRecord = (name: string) => /^\/var\/lib\/firstboot\/(state\.json|ready|instance)$/.test(name);

const filesIn = (root: string) => listRoot(root).filter(({ path: name }) => name !== '/var/lib/firstboot/report.json');

const startsKubelet = (report: BootReport) =>
  report.phases.some(({ would }) => would?.includes('systemctl start kubelet.service'));

const orderOf = (fault: Fault) => bootPhases.indexOf(phaseOf(fault));

/** Where the first fault hits that a boot does not survive. */
function failingPhase(injected: readonly Fault[]): BootPhase | undefined {
  const orders = injected.filter(({ name }) => !faults[name].passes).map(orderOf);
  return orders.length > 0 ? bootPhases[Math.min(...orders)] : undefined;
}

/** Every fault in every phase where it can hit. */
const everyFault: readonly Fault[] = (Object.keys(faults) as readonly FaultName[]).flatMap(name =>
  faults[name].phases.map(phase => ({ name, phase })),
);

/** Pairs of which each is come to: no fault ends the boot before the other. */
const everyPair: readonly (readonly [Fault, Fault])[] = everyFault.flatMap((one, n) =>
  everyFault.slice(n + 1).flatMap(other => {
    const failing = failingPhase([one, other]);
    const isMet = failing === undefined || Math.max(orderOf(one), orderOf(other)) <= bootPhases.indexOf(failing);
    return isMet ? [[one, other] as const] : [];
  }),
);

const isOfServers = ({ name }: Fault) => faults[name].where !== 'process';
const takesLong = ({ name }: Fault) => name === 'slow' || name === 'dead-mirror';

/** Faults of the servers (test/rehearse has those of the process), and their pairs in one phase but for the slowest. */
export const nearCases: readonly (readonly Fault[])[] = [
  ...everyFault.filter(isOfServers).map(fault => [fault]),
  ...everyPair.filter(
    pair => pair.every(isOfServers) && !pair.some(takesLong) && phaseOf(pair[0]) === phaseOf(pair[1]),
  ),
];

/** All of them. */
export const everyCase: readonly (readonly Fault[])[] = [...everyFault.map(fault => [fault]), ...everyPair];

const nameOf = (injected: readonly Fault[]) => injected.map(({ name, phase }) => `${name}@${phase}`).join(' + ');

/** Some at once: they mostly wait. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const turn = async () => {
    while (next < items.length) {
      const n = next++;
      results[n] = await work(items[n] as T);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
  return results;
}
