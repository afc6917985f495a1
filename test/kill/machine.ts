import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { compileWorkers } from '../../src/commands/compile-worker.ts';
import { openBinaries } from '../../src/local/binaries.ts';
import type { Preamble } from '../../src/local/rehearse-faults.ts';
import { type Machine, machineOf } from '../../src/local/rehearse-machine.ts';
import { type ProgramEnd, startProgram } from '../../src/local/rehearse-program.ts';
import { startServers } from '../../src/local/rehearse-servers.ts';
import { openScratchRoot } from '../../src/local/scratch-root.ts';
import type { BootEvent } from '../../src/report/report.ts';
import { makeBootCluster } from '../support/boot.ts';
import { root as packageFolder } from '../support/cluster.ts';

/** A worker with healthy servers, for many boots. */
export type Bench = {
  readonly machine: Machine;
  /** Its private key as PEM. */
  readonly key: string;
  readonly newRoot: () => string;
  /** Starts the boot program; `onEvent` sees each line, and may kill. */
  readonly start: (root: string, onEvent?: (event: BootEvent) => void, preamble?: Preamble) => Started;
};

type Started = {
  readonly kill: () => void;
  readonly ended: Promise<ProgramEnd & { readonly last: BootEvent | undefined }>;
};

const pace = 0.005;
/** Of each program: so that the phase that fetches them takes a while. */
const size = 192 << 10;

export async function openBench(): Promise<Bench> {
  const cluster = await makeBootCluster({ bytes: size });
  const io = {
    out: () => {},
    err: () => {},
    json: false,
    colour: false,
    now: () => Date.now(),
    cwd: cluster.folder,
    packageFolder,
    program: pathToFileURL(path.join(packageFolder, 'dist/firstboot.cjs')),
  };
  const compiled = await compileWorkers('cluster.yaml', ['worker-0'], io);
  if (typeof compiled === 'number' || !compiled[0]) throw new Error('the cluster is not sound');
  const [subject] = compiled;
  const machine = machineOf(subject, Date.now());
  const wanted = machine.manifest.binaries.map(one => ({ ...one, arch: 'amd64' }));
  const places = { mirror: cluster.mirror, cache: path.join(cluster.folder, 'cache') };
  const { stored } = await openBinaries(wanted, places);
  const { redirects, close } = await startServers(subject, machine, stored, [], () => Date.now());
  onTestFinished(close);
  let roots = 0;
  return {
    machine,
    key: cluster.read('pki/worker-0-key.pem'),
    newRoot: () => openScratchRoot(path.join(cluster.folder, 'roots', String(roots++))).folder,
    start(root, onEvent, preamble) {
      let last: BootEvent | undefined;
      const program = startProgram({
        root,
        redirects,
        pace,
        preamble,
        onEvent: event => {
          last = event;
          onEvent?.(event);
        },
      });
      return { kill: program.kill, ended: program.ended.then(end => ({ ...end, last })) };
    },
  };
}

/** Roots are many; one that has served is removed. */
export function discard(root: string): void {
  fs.rmSync(root, { recursive: true, force: true });
}
