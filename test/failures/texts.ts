import path from 'node:path';
import { expect } from 'vitest';
import type { Told } from './world.ts';

const progress = /^\d\d:\d\d:\d\dZ? /;

/** What a person is left with: exit code, results and diagnostics, without the progress, IDs and times. */
export function textOf(argv: readonly string[], { code, out, err }: Pick<Told, 'code' | 'out' | 'err'>): string {
  const told = lines(err).filter(line => !progress.test(line));
  const text = [`$ firstboot ${argv.join(' ')}`, `exit ${code}`, '--- stderr', ...told, '--- stdout', ...lines(out)];
  return `${masked(text.join('\n'))}\n`;
}

function lines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** As long as what they stand for, so that the lines keep their width. */
function masked(text: string): string {
  return text
    .replace(/\b(i|eni|cr|ami|vol)-[0-9a-f]{17}\b/g, (_, kind: string) => `${kind}-${'0'.repeat(17)}`)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, time => time.replace(/\d/g, '0'))
    .replace(/\b\d{4}-\d\d-\d\d\b/g, '0000-00-00')
    .replace(/\b[0-9a-f]{12}\b/g, '0'.repeat(12))
    .replace(/\b[0-9a-f]{64}\b/g, '0'.repeat(64))
    .replace(/\b\d{3}d {2}\d+[smh]\b/g, '364d  00s')
    .replace(/ - {5}\d+[smh]$/gm, ' -     00s')
    .replace(/\d+ (s|m|h) ago/g, 'a while ago')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9');
}

/** Compares with test/failures/expected/NAME.txt; `npx vitest run test/failures -u` renews it. */
export async function expectText(name: string, argv: readonly string[], told: Told, wide = false): Promise<void> {
  const tooLong = (line: string) => line.length > 80 && !progress.test(line);
  if (!wide) expect([...lines(told.out), ...lines(told.err)].filter(tooLong), 'wider than 80 columns').toEqual([]);
  const file = path.join(import.meta.dirname, 'expected', `${name}.txt`);
  await expect(textOf(argv, told)).toMatchFileSnapshot(file);
}

/** Code of the one JSON document that a failure gives on stdout. */
export function codeIn({ out }: Pick<Told, 'out'>): string | undefined {
  expect(out.endsWith('}\n') && out.indexOf('\n') === out.length - 1, 'one document in one line').toBe(true);
  const { diagnostics, workers, problems } = JSON.parse(out);
  const failed = workers?.find((one: { outcome?: string }) => one.outcome === 'failed');
  return diagnostics?.[0]?.code ?? failed?.code ?? problems?.[0]?.severity;
}
