import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { BootEvent } from '../../src/report/report.ts';
import { newFolder } from '../real/cluster.ts';
import { lab, succeed } from '../real/lab.ts';
import { labScript } from './cluster.ts';
import { parseEvents } from './console.ts';

/** A machine that has a worker's disk and address, and is another instance, to which nobody gave user-data. */
export type Stranger = {
  readonly console: () => string;
  readonly events: () => readonly BootEvent[];
  readonly end: () => void;
};

/** Made of the lab's own scripts: `firstboot boot` gives each machine the user-data of its worker. */
export function startStranger(namespace: string, release: string, disk: string): Stranger {
  const work = newFolder('stranger');
  const log = join(work, 'console.log');
  for (const file of ['vmlinuz', 'initrd.img']) symlinkSync(join(lab, release, file), join(work, file));
  succeed(['qemu-img', 'convert', '-O', 'raw', disk, join(work, 'disk.img')]);
  const metadata = join(work, 'metadata');
  mkdirSync(metadata);
  const inside = ['ip', 'netns', 'exec', namespace];
  const output = openSync(join(work, 'log'), 'a');
  const children = [
    [...inside, process.execPath, labScript('imds.mjs'), '169.254.169.254', '80', metadata],
    [labScript('dhcp.sh'), namespace],
    [labScript('machine.sh'), namespace, '0', work, log],
  ].map(([program = '', ...words]) => spawn(program, words, { stdio: ['ignore', output, output] }));
  const console = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    console,
    events: () => parseEvents(console()),
    // Each script becomes the program that it starts (exec), so that is what ends.
    end: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
