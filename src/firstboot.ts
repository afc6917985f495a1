import { setMaxListeners } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveShardWord } from './adapters/serve-shard-word.ts';
import { main } from './cli.ts';
import { cloudWord } from './local/cloud-server/server-words.ts';
import { roomWord } from './local/qemu/room-messages.ts';

/**
 * Writes all of a text before it returns. Node's own streams would do, but take 5 ms to load. A reader that goes away
 * (`firstboot explain | head`) is no failure; one that lends a pipe that never blocks is waited for.
 */
function write(descriptor: number, text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(descriptor, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Progress that nobody reads any more ends no work that is under way.
      if (code === 'EPIPE' && descriptor === 2) return;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') {
        if (descriptor === 1) write(2, `firstboot: the output cannot be written: ${(error as Error).message}.\n`);
        process.exit(1);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

// Hundreds of workers wait on one signal, which Node takes for a leak and says so amid the output.
setMaxListeners(0);

/** The program: the only file that knows the process. Threads of a large build run it too, the room of local machines and the embedded cloud. */
if (process.argv[2] === serveShardWord) void import('./adapters/threads.ts').then(({ serveShard }) => serveShard());
else if (process.argv[2] === roomWord) void import('./local/qemu/room.ts').then(({ serveRoom }) => serveRoom());
else if (process.argv[2] === cloudWord)
  void import('./local/cloud-server/serve-word.ts').then(({ serveInBackground }) =>
    serveInBackground(new URL(import.meta.url)),
  );
else {
  const program = new URL(import.meta.url);
  const ended = main(process.argv.slice(2), {
    out: text => write(1, text),
    err: text => write(2, text),
    get colour() {
      return process.stderr.isTTY === true && !process.env.NO_COLOR && !process.env.CI;
    },
    get terminal() {
      return process.stdout.isTTY === true && !process.env.NO_COLOR && !process.env.CI;
    },
    now: () => Date.now(),
    cwd: process.cwd(),
    packageFolder: path.resolve(path.dirname(fileURLToPath(program)), '..'),
    program,
  });
  ended.then(
    code => {
      process.exitCode = code;
    },
    // A bug. Node itself would print the whole line of the bundle that it was thrown in.
    error => {
      process.stderr.write(
        `firstboot: ${error instanceof Error ? error.stack : String(error)}\nThis is a bug in firstboot: please report it with the lines above.\n`,
      );
      process.exitCode = 1;
    },
  );
}
