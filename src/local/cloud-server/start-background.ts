import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { OperationCode } from '../../diagnostics/operations.ts';
import type { Connection } from './server-file.ts';
import { cloudWord, type FromServer, type ServeRequest, type ToServer } from './server-words.ts';
import { attempt, cloudFiles, openStateFolder } from './state-folder.ts';

/** Starts a server of its own that outlives this process; returns once it answers. Its errors are thrown here. */
export async function startBackground(request: ServeRequest, program: URL): Promise<Connection> {
  const { folder, region } = request;
  openStateFolder(folder, region);
  const logFile = path.join(folder, cloudFiles.log);
  const log = attempt(folder, () => fs.openSync(logFile, 'a', 0o600));
  const before = fs.fstatSync(log).size;
  const child = spawn(process.execPath, [fileURLToPath(program), cloudWord], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  fs.closeSync(log);
  try {
    return await new Promise<Connection>((resolve, reject) => {
      child.once('error', error => reject(notStarted(error.message)));
      child.once('exit', code => reject(notStarted(lastLine(logFile, before) ?? `it ended with exit code ${code}`)));
      child.on('message', (message: FromServer) => {
        const start: ToServer = { kind: 'serve', request };
        if (message.kind === 'here') child.send(start);
        else if (message.kind === 'ready') resolve(message.connection);
        else reject(new OperationError(message.code as OperationCode, message.message, message.hint));
      });
    });
  } finally {
    // From now on it is on its own.
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** What Node says of an error has the error itself in a line of its own. */
function lastLine(file: string, from: number): string | undefined {
  const lines = fs.readFileSync(file).subarray(from).toString().split('\n');
  return lines.find(line => /^\w*Error\b/.test(line)) ?? lines.findLast(line => line !== '');
}

function notStarted(reason: string): OperationError {
  return new OperationError(
    'LOCAL_NOT_STARTED',
    `the embedded cloud does not start: ${reason}.`,
    'server.log in the state folder has more.',
  );
}
