import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { systemClock } from '../../adapters/system-clock.ts';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { binaryCache } from '../binary-cache.ts';
import { type Handler, type Listening, listen } from '../http.ts';
import { openHost } from '../instances/open-host.ts';
import { createS3Shell } from '../shell/s3-shell.ts';
import type { Keys } from './authenticate.ts';
import { dispatch } from './dispatch.ts';
import { joinInstances } from './join-instances.ts';
import { openCloud } from './open-cloud.ts';
import { announce, type Connection, leaveFolder, type ServerFile, servedBy, takeFolder } from './server-file.ts';
import type { ServeRequest } from './server-words.ts';
import { type CloudSettings, cloudFiles, openStateFolder, saveSettings } from './state-folder.ts';

export type ServeOptions = ServeRequest & {
  readonly kind: ServerFile['kind'];
  /** firstboot itself, which the rooms of local machines run. */
  readonly program: URL;
  /** A line for people, without its end. */
  readonly told: (line: string) => void;
};

export type ServedCloud = {
  readonly connection: Connection;
  /** Ends its instances where they are, and gives the folder back. */
  readonly close: () => Promise<void>;
};

const here = '127.0.0.1';

/**
 * Serves the embedded cloud of a state folder until it is closed. LOCAL_FOLDER_IN_USE: another process does;
 * LOCAL_FOLDER_FOREIGN, LOCAL_OTHER_SETTINGS, LOCAL_FOLDER_NOT_WRITTEN as openStateFolder has them.
 */
export async function serveCloud(options: ServeOptions): Promise<ServedCloud> {
  const { folder, region, kind, instances } = options;
  const settings = openStateFolder(folder, region);
  if (!takeFolder(folder, kind, instances.kind)) throw inUse(folder);
  try {
    return await serve(options, settings);
  } catch (error) {
    leaveFolder(folder);
    throw error;
  }
}

async function serve(options: ServeOptions, settings: CloudSettings): Promise<ServedCloud> {
  const { folder, region, faults, instances, program, told } = options;
  const cloud = openCloud(folder, settings, { clock: systemClock, faults });
  await cloud.seed(options.seed);
  const { accountId, accessKeyId, secretAccessKey } = settings;
  const keys = (): readonly Keys[] => [{ accessKeyId, secretAccessKey }, ...cloud.ec2.roles()];
  const objects = createS3Shell({ s3: cloud.s3, credentials: keys, region, now: systemClock.now });
  const joined = joinInstances(cloud, {
    folder: path.join(folder, cloudFiles.instances),
    objects,
    binaries: { mirror: instances.mirror, cache: binaryCache() },
    now: systemClock.now,
    told,
  });
  const host = await openHost(instances, joined.world, program);
  const token = randomBytes(24).toString('base64url');
  const owner = { accountId, region, now: systemClock.now };
  const server = await listenAt(dispatch({ ...cloud, owner, keys, objects, token }), settings.port);
  joined.begin(host);
  const { port } = server;
  saveSettings(folder, { ...settings, port });
  const connection = { port, endpoint: `http://${here}:${port}`, region, accessKeyId, secretAccessKey, token };
  announce(folder, connection);
  let closed: Promise<void> | undefined;
  const close = async () => {
    await server.close();
    await host.close();
    joined.stop();
    await cloud.save();
    leaveFolder(folder);
  };
  return {
    connection,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** Where it was before, or anywhere when something else is there now. */
async function listenAt(handler: Handler, port: number | null): Promise<Listening> {
  try {
    return await listen(handler, here, port ?? 0);
  } catch (error) {
    if (port === null || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return listen(handler, here);
  }
}

function inUse(folder: string): OperationError {
  const { pid, kind } = servedBy(folder) ?? {};
  return new OperationError(
    'LOCAL_FOLDER_IN_USE',
    `the embedded cloud in ${folder} is served by process ${pid ?? 'of another command'}.`,
    kind === 'server'
      ? '`firstboot local down` ends it.'
      : 'wait for that command; `firstboot local up` runs a cloud that several commands can use at once.',
  );
}
