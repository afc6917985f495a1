import { OperationError } from '../../diagnostics/operation-error.ts';
import { serveCloud } from './serve.ts';
import { servedBy } from './server-file.ts';
import type { FromServer, ToServer } from './server-words.ts';

const folderPause = 2_000;

/** The embedded cloud in the background: told by the command that started it how to serve, it lives until it is ended. */
export function serveInBackground(program: URL): void {
  const tell = (message: FromServer) =>
    new Promise<void>(resolve => {
      if (process.connected) process.send?.(message, () => resolve());
      else resolve();
    });
  process.once('message', async ({ request }: ToServer) => {
    try {
      const told = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`);
      const served = await serveCloud({ ...request, kind: 'server', program, told });
      const end = () => void served.close().finally(() => process.exit(0));
      // Without its folder it is nobody’s.
      setInterval(() => isMine(request.folder) || end(), folderPause);
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
      // A terminal that is closed is not meant.
      process.on('SIGHUP', () => {});
      await tell({ kind: 'ready', connection: served.connection });
    } catch (error) {
      const known = error instanceof OperationError;
      const { message, stack } = error as Error;
      if (!known) process.stderr.write(`${stack}\n`);
      await tell({
        kind: 'failed',
        code: known ? error.code : 'LOCAL_NOT_STARTED',
        message: known ? message : `the embedded cloud does not start: ${message}.`,
        hint: known ? error.hint : 'server.log in the state folder has more.',
      });
      process.exitCode = 1;
    }
    if (process.connected) process.disconnect();
  });
  void tell({ kind: 'here' });
}

function isMine(folder: string): boolean {
  return servedBy(folder)?.pid === process.pid;
}
