// A thread that looks at a root as often as it can while the boot program runs: what is under a final name is whole in size,
// and neither it nor what it grows in is open to more than its final mode says, at any moment.
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

/** `watched`: paths in the root with mode and size, `size` undefined where it varies; `steer`: [stop, rounds]. */
const { root, watched, steer } = workerData;
const found = new Set();

function modeAndSize(file) {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  return stat && { mode: stat.mode & 0o7777, size: stat.size };
}

function look({ path: name, mode, size }) {
  for (const suffix of ['', '.firstboot']) {
    const now = modeAndSize(path.join(root, name + suffix));
    if (!now) continue;
    if (now.mode & ~mode) found.add(`${name}${suffix} had mode ${now.mode.toString(8)}`);
    if (suffix === '' && size !== undefined && now.size !== size) found.add(`${name} had ${now.size} of ${size} bytes`);
  }
}

/** A folder that holds a secret is closed before the secret is there. */
function lookAround({ path: name, secret }) {
  if (!secret || !['', '.firstboot'].some(suffix => modeAndSize(path.join(root, name + suffix)))) return;
  const folder = modeAndSize(path.dirname(path.join(root, name)));
  if (folder && folder.mode & 0o077) found.add(`${path.dirname(name)} had mode ${folder.mode.toString(8)}`);
}

parentPort.postMessage('watching');
while (Atomics.load(steer, 0) === 0) {
  for (const one of watched) {
    look(one);
    lookAround(one);
  }
  Atomics.add(steer, 1, 1);
}
parentPort.postMessage([...found]);
