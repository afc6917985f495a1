import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readUserData } from '../../emit/read-user-data.ts';
import { findEvents } from '../../report/find-events.ts';
import { listen } from '../http.ts';
import { createImds } from '../imds.ts';
import type { Instance } from '../instance.ts';
import { createObjectServer } from '../object-server.ts';
import { machineWith, startMachine } from '../rehearse-machine.ts';
import { type ProgramStart, requirePython, startProgram } from '../rehearse-program.ts';
import { consoleEnd } from './console-text.ts';
import type { InstanceHost, InstanceWorld } from './instance-kind.ts';
import { type OpenedBinaries, openEachOnce } from './open-each-once.ts';
import { instanceRedirects } from './redirects.ts';

/** Waits of the boot program are as much shorter: secrets are waited for for 45 s, not for a quarter of an hour. */
const pace = 0.05;
/** RestartSec of firstboot.service, milliseconds. */
const restartAfter = 30_000;
const here = '127.0.0.1';
const metadataService = 'http://169.254.169.254/';

type Life = { readonly stop: AbortController; readonly over: Promise<void> };

/**
 * Instances that run their boot program in a scratch root, as `firstboot rehearse` does, each with instance metadata of its
 * own; the bucket is the embedded S3. PYTHON_NEEDED.
 */
export function rehearseHost(world: InstanceWorld): InstanceHost {
  requirePython();
  const open = openEachOnce(world.binaries);
  const lives = new Map<string, Life>();
  const folderOf = (instanceId: string) => path.join(world.folder, instanceId);
  const stop = async (instanceId: string) => {
    const life = lives.get(instanceId);
    lives.delete(instanceId);
    life?.stop.abort();
    await life?.over;
  };
  return {
    start(instance) {
      const controller = new AbortController();
      const folder = folderOf(instance.instanceId);
      const over = live(instance, folder, world, open, controller.signal).catch((error: Error) =>
        world.told(`${instance.instanceId}: ${error.message}`),
      );
      lives.set(instance.instanceId, { stop: controller, over });
    },
    end: stop,
    close: async () => void (await Promise.all([...lives.keys()].map(stop))),
  };
}

/** From power-on to the end of the boot program; what it has said before stays on the console. */
async function live(
  { instanceId, userData }: Instance,
  folder: string,
  world: InstanceWorld,
  open: OpenedBinaries,
  signal: AbortSignal,
): Promise<void> {
  const say = openConsoleLog(path.join(folder, 'console.log'), text => world.setConsole(instanceId, text));
  // The cloud was started again, and this one had come to its end.
  if (hasBooted(path.join(folder, 'console.log'))) return;
  const { manifest } = readBootUserData(userData, say);
  const instance = world.instanceOf(instanceId);
  if (!manifest || !instance) return;
  const wanted = manifest.binaries.map(one => ({ ...one, arch: instance.arch }));
  const { stored, missing } = await open(wanted);
  for (const { binary, version } of missing) say(`rehearsal: left out, as nothing gives it: ${binary} ${version}`);
  if (signal.aborted) return;
  const root = path.join(folder, 'root');
  fs.mkdirSync(root, { recursive: true, mode: 0o700 });
  startMachine(
    root,
    machineWith(
      instance,
      missing.map(one => one.binary),
    ),
  );
  const { now, objects } = world;
  const metadata = await listen(createImds({ instanceAt: () => world.instanceOf(instanceId), now }), here);
  const bucket = await listen(objects, here);
  const web = await listen(createObjectServer({ stored, roles: [], region: instance.region, now }), here);
  const base = ({ port }: { port: number }) => `http://${here}:${port}`;
  try {
    const redirects = {
      [metadataService]: `${base(metadata)}/`,
      ...instanceRedirects(manifest, base(bucket), base(web)),
    };
    const began = monotonic();
    await runUntilDone({ root, redirects, pace, onLine: line => say(sinceStart(line, began)) }, signal);
  } finally {
    await Promise.all([metadata.close(), bucket.close(), web.close()]);
  }
}

/** Seconds by the clock of the boot program: it has this machine’s, an instance would have its own kernel’s. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

function sinceStart(line: string, began: number): string {
  return line.replace(/^(firstboot: \{.*"t": )(\d+(?:\.\d+)?)/, (_, before: string, time: string) => {
    const seconds = Math.max(0, Number(time) - began);
    return `${before}${Math.round(seconds * 100) / 100}`;
  });
}

/** As firstboot.service has it: after a failure again, without end. */
async function runUntilDone(start: ProgramStart, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const program = startProgram(start);
    signal.addEventListener('abort', program.kill);
    const { code } = await program.ended;
    signal.removeEventListener('abort', program.kill);
    if (code === 0) return;
    await sleep(restartAfter * pace, undefined, { signal }).catch(() => {});
  }
}

function hasBooted(file: string): boolean {
  const last = fs.existsSync(file) ? findEvents(fs.readFileSync(file, 'utf8')).at(-1) : undefined;
  return last?.phase === 'done' && last.status === 'ok';
}

/** An image whose cloud-init finds nothing of ours in the user-data boots all the same, and says nothing of ours. */
function readBootUserData(userData: Uint8Array, say: (line: string) => void): Partial<ReturnType<typeof readUserData>> {
  try {
    return readUserData(userData);
  } catch {
    say('rehearsal: there is no boot program of firstboot in the user-data');
    return {};
  }
}

/** Adds lines to a console, as a serial line ends them; `changed` sees its last 64 KB. */
function openConsoleLog(file: string, changed: (text: string) => void): (line: string) => void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return line => {
    const added = `${line}\r\n`;
    text = consoleEnd(text + added);
    fs.appendFileSync(file, added, { mode: 0o600 });
    changed(text);
  };
}
