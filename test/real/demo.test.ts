import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/cluster.ts';

test('make demo goes from the spec to the end of two workers, and leaves nothing running', async () => {
  const child = spawn(process.execPath, [join(root, 'scripts/demo.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  expect(code, said).toBe(0);
  const commands = [...said.matchAll(/^\$ firstboot (local up|local down|pki issue|[a-z]+)/gm)].map(([, name]) => name);
  expect(commands).toEqual('pki issue,build,local up,stage,plan,apply,status,report,destroy,local down'.split(','));
  for (const line of [/^2 staged/m, /^2 launched\.$/m, /2 of 2 running/, /^worker-\d: done at/m, /^2 retired\.$/m])
    expect(said).toMatch(line);
  const folder = join(root, 'build/demo');
  expect(existsSync(join(folder, 'build/from-scratch/worker-1/user-data.yaml'))).toBe(true);
  expect(existsSync(join(folder, '.firstboot-cloud'))).toBe(false);
  const pid = /\(process\s+(\d+)\)/.exec(said)?.[1];
  expect(pid).toBeDefined();
  // Ended; init may not have asked how.
  const commandLine = `/proc/${pid}/cmdline`;
  expect(existsSync(commandLine) ? readFileSync(commandLine, 'utf8') : '').toBe('');
});
