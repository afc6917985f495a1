import { OperationError } from '../diagnostics/operation-error.ts';
import type { FaultRule } from '../local/cloud/cloud.ts';
import { parseFaultRule } from '../local/cloud/fault-rules.ts';
import { seedFor } from '../local/cloud-server/seed.ts';
import { serveCloud } from '../local/cloud-server/serve.ts';
import { type Connection, type RunningServer, runningServer } from '../local/cloud-server/server-file.ts';
import type { ServeRequest } from '../local/cloud-server/server-words.ts';
import { startBackground } from '../local/cloud-server/start-background.ts';
import type { InstanceOptions } from '../local/instances/instance-kind.ts';
import { untilInterrupted } from '../local/rehearse-interrupt.ts';
import { loadCluster } from '../pipeline.ts';
import type { Cluster } from '../spec/resolve.ts';
import { invariant } from '../tree/invariant.ts';
import { openClusterFolder, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';
import { instanceOptionsOf, stateFolderOf, textOf } from './local-options.ts';
import { refuseOtherSettings } from './local-side.ts';
import type { ParsedOptions } from './table.ts';
import { wrapped } from './wrap.ts';
import { wrongUsage } from './wrong-usage.ts';

/** Runs the embedded cloud in the background, or with --foreground here; prints the environment that points an SDK at it. */
export async function localUpCommand(
  options: ParsedOptions,
  _operands: readonly string[],
  io: CommandIo,
): Promise<number> {
  const faults = readFaults((options.fault ?? []) as readonly string[], io);
  if (typeof faults === 'number') return faults;
  const instances = instanceOptionsOf(options, io);
  const wrong = problemOf(instances);
  if (wrong) return wrongUsage(wrong.problem, wrong.hint, io);
  const cluster = openSpec(textOf(options.cluster) ?? 'cluster.yaml', io);
  if (!cluster) return 1;
  const { region } = cluster.aws;
  const folder = stateFolderOf(options, io);
  const request: ServeRequest = { folder, region, seed: seedFor(cluster), instances, faults };
  if (options.foreground === true) return serveHere(request, io);
  const running = await runningServer(folder);
  if (running) {
    refuseOtherSettings(folder, running, region, textOf(options.instances));
    if (faults.length > 0)
      return wrongUsage('--fault is for a cloud that starts', '`firstboot local down` ends this one.', io);
    say(`The embedded cloud in ${folder} runs already (process ${running.pid}).`, io);
    return tell(running, folder, io);
  }
  const started = await startOrJoin(request, io);
  say(`The embedded cloud in ${folder} runs (process ${started.pid}); \`firstboot local down\` ends it.`, io);
  return tell(started, folder, io);
}

/** Of several that start at once one gets the folder, and the others find it there. */
async function startOrJoin(request: ServeRequest, io: CommandIo): Promise<RunningServer> {
  try {
    await startBackground(request, io.program);
  } catch (error) {
    const busy = error instanceof OperationError && error.code === 'LOCAL_FOLDER_IN_USE';
    const other = busy ? await runningServer(request.folder) : undefined;
    if (!other) throw error;
    refuseOtherSettings(request.folder, other, request.region, request.instances.kind);
    return other;
  }
  const started = await runningServer(request.folder);
  invariant(started, 'a server that answers has said so');
  return started;
}

async function serveHere(request: ServeRequest, io: CommandIo): Promise<number> {
  const told = (line: string) => io.err(`${line}\n`);
  return untilInterrupted(async signal => {
    const served = await serveCloud({ ...request, kind: 'server', program: io.program, told });
    try {
      say(`The embedded cloud in ${request.folder} runs until Ctrl-C.`, io);
      tell({ pid: process.pid, connection: served.connection }, request.folder, io);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
      return 0;
    } finally {
      await served.close();
    }
  });
}

function openSpec(spec: string, io: CommandIo): Cluster | undefined {
  const folder = openClusterFolder(spec, io);
  const cluster = loadCluster(folder.files, folder.file);
  if (cluster.ok) return cluster.value;
  report(folder.diagnostics(cluster.findings), io);
  return undefined;
}

/** `eval "$(firstboot local up)"` points every SDK and the AWS CLI at it. */
function tell({ pid, connection }: Pick<RunningServer, 'pid' | 'connection'>, folder: string, io: CommandIo): number {
  const environment = environmentOf(connection);
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`);
  io.out(io.json ? `${JSON.stringify({ folder, pid, environment })}\n` : lines.join(''));
  return 0;
}

function say(text: string, io: CommandIo): void {
  io.err(`${wrapped(text)}\n`);
}

/** What every SDK reads; none of the values needs quotes. */
function environmentOf({
  endpoint,
  accessKeyId,
  secretAccessKey,
  region,
}: Connection): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    // One from elsewhere does not go with these keys.
    AWS_SESSION_TOKEN: '',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function readFaults(texts: readonly string[], io: CommandIo): readonly FaultRule[] | number {
  const rules: FaultRule[] = [];
  for (const text of texts) {
    const rule = parseFaultRule(text);
    if ('problem' in rule) return wrongUsage(rule.problem, rule.hint, io);
    rules.push(rule);
  }
  return rules;
}

function problemOf({ kind, image, kernel, initrd, namespace }: InstanceOptions) {
  if (kind === 'qemu' && image === undefined)
    return {
      problem: '--instances qemu needs --image FILE',
      hint: 'a cloud image with cloud-init, as `firstboot boot` takes it.',
    };
  if (kind !== 'qemu' && (image ?? kernel ?? initrd ?? namespace) !== undefined)
    return {
      problem: '--image, --kernel, --initrd and --namespace are for --instances qemu',
      hint: 'leave them out.',
    };
  return undefined;
}
