import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type CodeEntry, catalogue } from '../src/diagnostics/codes.ts';
import { root } from './support/cluster.ts';

/** Every call of provokes in the tests; that it provokes its code is what the call asserts. */
function provoked(): ReadonlySet<string> {
  const files = fs
    .readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'));
  const texts = files.map(name => fs.readFileSync(path.join(root, 'test', name), 'utf8'));
  return new Set(
    texts.flatMap(text => [...text.matchAll(/provokes\(\s*'([A-Z0-9_]+)'/g)].map(match => match[1] ?? '')),
  );
}

test('every code has a test that provokes it through the command line', () => {
  const tested = provoked();
  expect(Object.keys(catalogue).filter(code => !tested.has(code))).toEqual([]);
});

test.each(Object.entries(catalogue as Readonly<Record<string, CodeEntry>>))(
  '%s says what it is and explains itself',
  (code, entry) => {
    expect(code).toMatch(/^(SPEC|PKI|KUBECONFIG|KUBELET|UNIT|BUNDLE|PIN|USER_DATA)_[A-Z0-9_]+$/);
    expect(entry.title).not.toMatch(/\.$/);
    expect(entry.explain).toMatch(/[.:)]$/);
  },
);
