import { expect, test } from 'vitest';
import type { Code } from '../../src/diagnostics/codes.ts';
import { severityOf } from '../../src/diagnostics/diagnostic.ts';
import { makeCluster, run, type TestCluster } from './cluster.ts';

type Options = {
  /** `file:line:column`, or a beginning of it. */
  readonly at?: string;
  /** Nothing else is reported. */
  readonly only?: boolean;
  /** `build` instead of `check`: private keys are needed. */
  readonly command?: 'check' | 'build';
  readonly args?: readonly string[];
};

/**
 * One test that a code is reported, through the command line's own path: a valid cluster, one thing wrong with it.
 * test/codes.test.ts looks for a call for every code of the catalogue.
 */
export function provokes(
  code: Code,
  title: string,
  change: (cluster: TestCluster) => void | Promise<void>,
  options: Options = {},
): void {
  test(`${code}: ${title}`, async () => {
    const cluster = await makeCluster();
    await change(cluster);
    const result = await run(cluster, options.command ?? 'check', '--json', ...(options.args ?? []));
    const diagnostics: {
      code: Code;
      severity: string;
      file: string;
      line?: number;
      column?: number;
      message: string;
      hint: string;
    }[] = result.json.diagnostics ?? [];
    const found = diagnostics.filter(one => one.code === code);
    expect(found, `reported: ${diagnostics.map(one => `${one.code} ${one.message}`).join('\n')}`).not.toHaveLength(0);
    const [first] = found;
    if (!first) return;
    const strict = options.args?.includes('--strict') === true;
    expect(first.severity).toBe(strict ? 'error' : severityOf(code));
    expect(result.code).toBe(diagnostics.some(one => one.severity === 'error') ? 1 : 0);
    expect(first.message).toMatch(/\S\.$/);
    expect(first.hint).toMatch(/\S/);
    if (options.at !== undefined) {
      const places = found.map(({ file, line, column }) =>
        [file, line, column].filter(part => part !== undefined).join(':'),
      );
      expect(
        places.some(place => `${place}:`.startsWith(`${options.at}:`)),
        `${options.at} among ${places.join(', ')}`,
      ).toBe(true);
    }
    if (options.only) expect(diagnostics.map(one => one.code)).toEqual(found.map(() => code));
  });
}
