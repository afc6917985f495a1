import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { applyIssue } from '../../src/issue/apply.ts';
import { type FoundPki, planIssue } from '../../src/issue/plan.ts';
import { prepareIssue } from '../../src/issue/prepare.ts';
import type { ReadResult } from '../../src/ports/files.ts';
import type { PkiFolder } from '../../src/ports/pki-folder.ts';
import { invariant } from '../../src/tree/invariant.ts';

type Disk = Map<string, Buffer>;

/** One run over a folder in memory, killed before the operation `killAt`. */
function issue(disk: Disk, force: boolean, killAt = Number.POSITIVE_INFINITY): number {
  const look = (file: string) => ({ file, there: disk.has(file) });
  const found: FoundPki = {
    ca: look('ca.pem'),
    caKey: { ...look('ca-key.pem'), chosen: false },
    identities: ['worker-0', 'worker-1'].map((name, index) => ({
      owner: { kind: 'worker', name, privateIp: `10.0.1.2${index}` },
      key: look(`${name}-key.pem`),
      certificate: look(`${name}.pem`),
      kubeconfig: look(`${name}.kubeconfig`),
    })),
  };
  const read = (name: string): ReadResult => {
    const bytes = disk.get(name);
    return bytes ? { kind: 'file', bytes, executable: false } : { kind: 'missing' };
  };
  const now = Date.now();
  const { plan, problems } = planIssue(found, force);
  invariant(plan, `there is a plan (${problems.map(problem => problem.message).join()})`);
  const { materials } = prepareIssue(plan, found, read, now);
  invariant(materials, 'what is there can be used');
  let operations = 0;
  const operation = (change: () => void) => {
    if (operations++ === killAt) throw new Error('killed');
    change();
  };
  const folder: PkiFolder = {
    write: (name, content) => operation(() => disk.set(name, Buffer.from(content))),
    remove: name => operation(() => disk.delete(name)),
  };
  try {
    for (const _ of applyIssue(
      plan,
      found,
      materials,
      { cluster: 'c', server: 'https://a:6443', keyType: 'ec', days: 365, now },
      folder,
    ));
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error;
  }
  return operations;
}

function expectWhole(disk: Disk): void {
  const text = (name: string) => disk.get(name)?.toString() ?? '';
  const ca = new X509Certificate(text('ca.pem'));
  for (const name of ['worker-0', 'worker-1']) {
    const leaf = new X509Certificate(text(`${name}.pem`));
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(text(`${name}-key.pem`)))).toBe(true);
    for (const part of [`${name}.pem`, `${name}-key.pem`, 'ca.pem'])
      expect(text(`${name}.kubeconfig`)).toContain(Buffer.from(text(part)).toString('base64'));
  }
}

test.each([
  ['a first run', false],
  ['a renewal', true],
])('%s that is killed before any write or removal is completed by a run without --force', (_, renewal) => {
  const start: Disk = new Map();
  if (renewal) issue(start, false);
  const total = issue(new Map(start), renewal);
  expect(total).toBe(renewal ? 10 : 8);
  for (let killAt = 0; killAt <= total; killAt++) {
    const disk: Disk = new Map(start);
    issue(disk, renewal, killAt);
    issue(disk, false);
    expectWhole(disk);
  }
});
