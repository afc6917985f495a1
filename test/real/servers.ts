import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { lab } from './lab.ts';

export type Server = { readonly endpoint: string; readonly stop: () => Promise<void> };

/** A port of loopback that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it answers, whatever it says. */
async function start(argv: readonly string[], port: number, env: NodeJS.ProcessEnv): Promise<Server> {
  const [program = '', ...args] = argv;
  const child: ChildProcess = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', text => {
    said = (said + String(text)).slice(-2000);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return { endpoint, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`${program} does not answer: ${said}`);
}

/** Its account, whose number is also the access key of the only user. */
export const versitygwAccount = '123456789012';
export const versitygwSecret = 'a secret of the test';

export async function startVersitygw(): Promise<Server> {
  const folder = mkdtempSync(join(inject('scratch'), 'versitygw-'));
  const [objects, versions] = ['objects', 'versions'].map(name => join(folder, name)) as [string, string];
  for (const name of [objects, versions]) mkdirSync(name);
  const port = await freePort();
  const argv = [
    join(lab, 'bin/versitygw'),
    ...['--port', `127.0.0.1:${port}`, '--region', 'us-east-1', '--quiet', '--keep-alive'],
    ...['posix', '--versioning-dir', versions, objects],
  ];
  const env = { ...process.env, ROOT_ACCESS_KEY: versitygwAccount, ROOT_SECRET_KEY: versitygwSecret };
  return start(argv, port, env);
}

export async function startMoto(): Promise<Server> {
  const port = await freePort();
  const argv = [join(lab, 'moto/bin/moto_server'), '--host', '127.0.0.1', '--port', String(port)];
  return start(argv, port, { ...process.env, MOTO_ACCOUNT_ID: '123456789012' });
}
