import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { lockWords, takeLock } from '../rollout/lock.ts';
import type { MirroredBinary } from '../rollout/mirror-binaries.ts';
import type { PostureFinding } from '../rollout/posture.ts';
import { readRecords } from '../rollout/read-records.ts';
import { retrying } from '../rollout/retry.ts';
import { type StagedWorker, type StageReport, stageFleet } from '../rollout/stage-fleet.ts';
import { stateKeys } from '../rollout/state-keys.ts';
import type { Cluster } from '../spec/resolve.ts';
import { openAwsSide } from './aws-side.ts';
import { bucketGate, postureJson } from './bucket-gate.ts';
import { type CompiledWorker, compileWorkers } from './compile-worker.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { rolloutChoices } from './rollout-choices.ts';
import { openRun } from './run-id.ts';
import { mirrorPinned, pinsText } from './stage-binaries.ts';
import { stagedLine, summaryOf } from './stage-words.ts';
import { listOf, type ParsedOptions, textOf } from './table.ts';
import { wrapped } from './wrap.ts';

type Place = { readonly store: ObjectStore; readonly clock: Clock; readonly cluster: Cluster };

/** Puts each worker’s archive into the bucket, with --mirror-binaries the binaries too, and the manifest last. */
export async function stageCommand(options: ParsedOptions, _: readonly string[], io: CommandIo): Promise<number> {
  const choices = rolloutChoices({ ...options, wait: 'booted' }, false, io);
  if (typeof choices === 'number') return choices;
  const names = listOf(options.worker);
  const compiled = await compileWorkers(textOf(options.cluster) ?? 'cluster.yaml', names, io);
  if (typeof compiled === 'number') return compiled;
  const [first] = compiled;
  if (!first) return 0;
  const { cluster, folder } = first;
  const side = await openAwsSide(cluster, options, io);
  try {
    io.err(`${cluster.name} on ${side.place}, bucket ${cluster.aws.bucket}\n`);
    return await explained(async () => {
      const findings = await bucketGate(side.store, cluster, options['allow-weak-bucket'] === true, io);
      if (typeof findings === 'number') return findings;
      const run = openRun(textOf(options['run-id']), folder);
      const code = await untilInterrupted(async signal => {
        const world = { ...retrying({ ...side, kube: undefined }, run.id, signal), cluster };
        const wish = { run: run.id, holder: run.holder, command: 'stage', timeout: choices.lockTimeout };
        const held = await takeLock(world, wish, signal, theirs =>
          io.err(`${wrapped(`waiting for the lock of ${lockWords(theirs)}`)}\n`),
        );
        try {
          return await stageAll(world, compiled, { options, findings, all: names.length === 0, signal }, io);
        } finally {
          await held.release(retrying({ ...side, kube: undefined }, run.id).store);
        }
      });
      run.over();
      return code;
    }, cluster);
  } finally {
    await side.close();
  }
}

type Wanted = {
  readonly options: ParsedOptions;
  readonly findings: readonly PostureFinding[];
  /** No worker was named: those that run with their secrets are left out. */
  readonly all: boolean;
  readonly signal: AbortSignal;
};

async function stageAll(
  world: Place,
  compiled: readonly CompiledWorker[],
  { options, findings, all, signal }: Wanted,
  io: CommandIo,
): Promise<number> {
  const { store, cluster } = world;
  const binaries = options['mirror-binaries'] === true ? await mirrorPinned(world, compiled, options, io) : undefined;
  const records = all ? await readRecords(store, stateKeys(cluster)) : new Map();
  const artifacts = compiled.map(one => one.artifacts);
  const width = Math.max(...artifacts.map(({ worker }) => worker.length));
  const told = (worker: StagedWorker) => {
    signal.throwIfAborted();
    if (!io.json) io.out(stagedLine(worker, width));
  };
  const report = await stageFleet(world, cluster, artifacts, { records, told });
  if (io.json) io.out(`${JSON.stringify(stageJson(cluster, report, binaries, findings))}\n`);
  else io.out(`${summaryOf(report, binaries)}${binaries ? pinsText(binaries) : ''}`);
  return 0;
}

function stageJson(
  { name, aws }: Cluster,
  { workers, manifest }: StageReport,
  binaries: readonly MirroredBinary[] | undefined,
  findings: readonly PostureFinding[],
) {
  return {
    version: 1,
    cluster: name,
    bucket: aws.bucket,
    workers: workers.map(({ worker, digest, outcome }) => ({ name: worker, digest, outcome })),
    ...(binaries && { binaries }),
    manifest,
    ...(findings.length > 0 && { diagnostics: findings.map(postureJson) }),
  };
}
