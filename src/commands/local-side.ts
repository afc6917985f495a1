import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../diagnostics/operation-error.ts';
import { seedPath } from '../local/cloud-server/dispatch.ts';
import { type CloudSeed, seedFor } from '../local/cloud-server/seed.ts';
import { serveCloud } from '../local/cloud-server/serve.ts';
import { type Connection, type RunningServer, runningServer } from '../local/cloud-server/server-file.ts';
import type { ServeRequest } from '../local/cloud-server/server-words.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { AwsSide } from './aws-side.ts';
import type { CommandIo } from './io.ts';
import { instanceOptionsOf, stateFolderOf, textOf } from './local-options.ts';
import type { ParsedOptions } from './table.ts';

/** How long another command may take to give the folder back. */
const patience = 10_000;
const pause = 100;

/**
 * The embedded cloud as an AWS command works on it: that of `local up`, or one that is served in this process until the
 * command is done. Both are spoken to by the SDK over HTTP. LOCAL_FOLDER_IN_USE, LOCAL_OTHER_SETTINGS.
 */
export async function openLocalSide(cluster: Cluster, options: ParsedOptions, io: CommandIo): Promise<AwsSide> {
  const folder = stateFolderOf(options, io);
  const seed = seedFor(cluster);
  const { region } = cluster.aws;
  const request: ServeRequest = { folder, region, seed, instances: instanceOptionsOf(options, io), faults: [] };
  const told = (line: string) => io.err(`${line}\n`);
  for (let waited = 0; ; waited += pause) {
    const running = await runningServer(folder);
    if (running) {
      refuseOtherSettings(folder, running, region, textOf(options.instances));
      await giveSeed(running.connection, seed, folder);
      return sideAt(running.connection, cluster, folder, async () => {});
    }
    try {
      const served = await serveCloud({ ...request, kind: 'command', program: io.program, told });
      return await sideAt(served.connection, cluster, folder, served.close);
    } catch (error) {
      const busy = error instanceof OperationError && error.code === 'LOCAL_FOLDER_IN_USE';
      if (!busy || waited >= patience) throw error;
      await sleep(pause);
    }
  }
}

/** What a running cloud is does not change. LOCAL_OTHER_SETTINGS. */
export function refuseOtherSettings(
  folder: string,
  { instances, connection }: RunningServer,
  region: string,
  wanted: string | undefined,
): void {
  const has = (what: string) =>
    new OperationError(
      'LOCAL_OTHER_SETTINGS',
      `the embedded cloud in ${folder} ${what}.`,
      '`firstboot local down` ends it; another one has another folder: --state.',
    );
  if (connection.region !== region) throw has(`is in ${connection.region}, and the spec says ${region}`);
  if (wanted !== undefined && wanted !== instances)
    throw has(`runs with --instances ${instances}, and not with --instances ${wanted}`);
}

async function giveSeed(connection: Connection, seed: CloudSeed, folder: string): Promise<void> {
  const answer = await putSeed(connection, seed);
  if (answer === 204) return;
  throw new OperationError(
    'LOCAL_NOT_STARTED',
    `the embedded cloud in ${folder} does not answer at ${connection.endpoint} (${answer}).`,
    'server.log in the folder may say why; `firstboot local down`, then `firstboot local up` starts it anew.',
  );
}

/** The status, or why there is none. Node’s own fetch may go through a proxy. */
function putSeed({ endpoint, token }: Connection, seed: CloudSeed): Promise<number | string> {
  return new Promise(resolve => {
    const headers = { authorization: `Bearer ${token}` };
    const request = http.request(`${endpoint}${seedPath}`, { method: 'PUT', headers, agent: new http.Agent() });
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.once('response', response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.end(JSON.stringify(seed));
  });
}

async function sideAt(
  connection: Connection,
  cluster: Cluster,
  folder: string,
  close: () => Promise<void>,
): Promise<AwsSide> {
  const opened = import('../adapters/aws/aws-side.ts').then(({ openSideAt }) => openSideAt(connection, cluster));
  const side = await opened.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    ...side,
    place: `the embedded cloud in ${folder}`,
    async close() {
      await side.close();
      await close();
    },
  };
}
