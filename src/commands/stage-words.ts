import type { MirroredBinary } from '../rollout/mirror-binaries.ts';
import type { StagedWorker, StageReport } from '../rollout/stage-fleet.ts';
import { wrapped } from './wrap.ts';

const words: Readonly<Record<StagedWorker['outcome'], string>> = {
  put: 'staged',
  present: 'there already',
  later: 'follows its instance',
  running: 'runs with it: not staged',
};

/** One line a worker; the digest is what bundle.json has, and opens nothing. */
export function stagedLine({ worker, digest, outcome }: StagedWorker, width: number): string {
  return `${worker.padEnd(width)}  archive sha256:${digest.slice(0, 12)}  ${words[outcome]}\n`;
}

/** “2 staged, 0 there already; manifest written”, or that there was nothing to do. */
export function summaryOf({ workers, manifest }: StageReport, binaries: readonly MirroredBinary[] | undefined): string {
  const count = (outcome: StagedWorker['outcome']) => workers.filter(one => one.outcome === outcome).length;
  const some = (outcome: StagedWorker['outcome'], what: string) =>
    count(outcome) > 0 ? [`${count(outcome)} ${what}`] : [];
  const copied = (outcome: MirroredBinary['outcome']) => binaries?.filter(one => one.outcome === outcome).length ?? 0;
  const idle = count('put') === 0 && copied('put') === 0 && manifest === 'unchanged';
  const parts = [
    ...(count('later') === workers.length ? [] : [`${count('put')} staged, ${count('present')} there already`]),
    ...some('running', 'running with theirs'),
    ...some('later', 'to be staged by apply, below the instance’s ARN'),
    ...(binaries ? [`binaries: ${copied('put')} copied, ${copied('present')} there already`] : []),
    `manifest ${manifest}`,
  ];
  return `${wrapped(`${idle ? 'nothing to do: ' : ''}${parts.join('; ')}`)}\n`;
}
