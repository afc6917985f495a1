import path from 'node:path';
import type { ReadSecret } from '../compile/inputs.ts';
import type { Files } from '../ports/files.ts';
import type { Cluster } from '../spec/resolve.ts';

/** A command that asks for a password on a terminal must not hang a pipeline for ever. */
const timeout = 60_000;
const mostBytes = 1024 * 1024;

/** Reads private files as they lie, or through the spec's `pki.readSecret`: its stdout is the file, its stderr the user's. A key need not
 * lie in a file at all: the command may get it from a vault by the name. */
export function secretReader(cluster: Cluster, files: Files, clusterFolder: string): ReadSecret {
  const { readSecret, dir } = cluster.pki;
  return (name, what) => {
    const plain = files.read(name, { within: dir });
    const asks = plain.kind === 'file' || (plain.kind === 'missing' && what === 'key');
    if (readSecret === null || !asks) return plain;
    const [command = '', ...words] = readSecret.map(word =>
      word.replaceAll('{file}', path.resolve(clusterFolder, name)),
    );
    // Loaded here since most clusters have no such command, and loading it takes 2 ms of every start.
    const result = process.getBuiltinModule('node:child_process').spawnSync(command, words, {
      cwd: clusterFolder,
      timeout,
      maxBuffer: mostBytes,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const failure = result.error
      ? describeError(result.error)
      : result.signal
        ? `was ended by ${result.signal}`
        : result.status !== 0
          ? `exited with ${result.status}`
          : undefined;
    if (failure !== undefined) return { kind: 'command-failed', command, reason: failure };
    return { kind: 'file', bytes: result.stdout, executable: false };
  };
}

function describeError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'was not found';
  if (error.code === 'ETIMEDOUT') return 'did not end within 60 s';
  return `failed: ${error.code ?? error.message}`;
}
