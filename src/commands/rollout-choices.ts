import type { Wait } from '../rollout/record.ts';
import type { RolloutOptions } from '../rollout/rollout-options.ts';
import { parseDuration } from './duration.ts';
import type { CommandIo } from './io.ts';
import { isRunId } from './run-id.ts';
import { type ParsedOptions, textOf } from './table.ts';
import { wrongUsage } from './wrong-usage.ts';

/** What the command line says of how to carry out a plan; whose run it is comes from elsewhere. */
export type Choices = Omit<RolloutOptions, 'look' | 'run' | 'holder' | 'command'>;

const most = { atOnce: 500 };

/** An exit code, after saying why, for an option that cannot be meant. `hasKube`: there is an api-server to ask. */
export function rolloutChoices(options: ParsedOptions, hasKube: boolean, io: CommandIo): Choices | number {
  const timeout = durationOf(options, 'timeout', '15m', io);
  const drainTimeout = durationOf(options, 'drain-timeout', '10m', io);
  const lockTimeout = lockTimeoutOf(options, io);
  if (timeout === undefined || drainTimeout === undefined || lockTimeout === undefined) return 2;
  const runId = textOf(options['run-id']);
  if (runId !== undefined && !isRunId(runId))
    return wrongUsage(
      `--run-id “${runId}” is no name of a run`,
      'it has up to 128 letters, digits and . _ : / @ + = -.',
      io,
    );
  const wait = (textOf(options.wait) ?? 'registered') as Wait;
  if ((wait === 'registered' || wait === 'ready') && !hasKube)
    return wrongUsage(
      `--wait ${wait} asks the api-server, and there is no kubeconfig`,
      'give --kubeconfig; or --wait booted, which trusts what the console reports.',
      io,
    );
  return {
    wait,
    timeout,
    lockTimeout,
    drain: {
      timeout: drainTimeout,
      deleteEmptyDirData: options['delete-emptydir-data'] === true,
      ignoreDaemonSets: options['ignore-daemonsets'] === true,
      force: options.force === true,
    },
    ignoreDrainFailure: options['ignore-drain-failure'] === true,
    acceptCapacityRisk: options['accept-capacity-risk'] === true,
    concurrency: most.atOnce,
  };
}

/** Milliseconds; `0s`: another’s lock is not waited for. Undefined, after saying so, for what is no time. */
export function lockTimeoutOf(options: ParsedOptions, io: CommandIo): number | undefined {
  return textOf(options['lock-timeout']) === '0s' ? 0 : durationOf(options, 'lock-timeout', undefined, io);
}

function durationOf(
  options: ParsedOptions,
  name: string,
  fallback: string | undefined,
  io: CommandIo,
): number | undefined {
  const text = textOf(options[name]) ?? fallback;
  if (text === undefined) return 0;
  const parsed = parseDuration(text);
  if (parsed === undefined) wrongUsage(`--${name} “${text}” is no time`, 'give it as 90s, 15m or 1h.', io);
  return parsed;
}
