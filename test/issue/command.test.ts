import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { issue, makeCa } from '../support/pki.ts';
import { ec, emptyCluster, listing, withCa } from './start.ts';

const issued = (json: { issued: { file: string }[] }) => json.issued.map(one => one.file).sort();
const modeOf = (cluster: TestCluster, name: string) => fs.statSync(path.join(cluster.folder, name)).mode & 0o777;
const certificate = (cluster: TestCluster, name = 'worker-0') => new X509Certificate(cluster.read(`pki/${name}.pem`));
const identity = (name: string) => [`pki/${name}-key.pem`, `pki/${name}.kubeconfig`, `pki/${name}.pem`];

async function expectSound(cluster: TestCluster): Promise<void> {
  const { code, json } = await run(cluster, 'check', '--strict', '--json');
  expect(json.diagnostics).toEqual([]);
  expect(code).toBe(0);
}

describe('into an empty folder', () => {
  test.each(['rsa', 'ec'])('%s: what is written passes check --strict, with the right modes', async type => {
    const cluster = await emptyCluster();
    const previous = process.umask(0o077);
    const result = await run(cluster, 'pki', 'issue', '--key-type', type, '--json').finally(() =>
      process.umask(previous),
    );
    expect(result.code).toBe(0);
    expect(issued(result.json)).toEqual(
      ['pki/ca-key.pem', 'pki/ca.pem', ...identity('worker-0'), ...identity('worker-1')].sort(),
    );
    expect(result.json.kept).toEqual([]);
    expect(modeOf(cluster, 'pki')).toBe(0o700);
    for (const name of ['ca-key.pem', 'worker-0-key.pem', 'worker-0.kubeconfig'])
      expect(modeOf(cluster, `pki/${name}`)).toBe(0o600);
    for (const name of ['ca.pem', 'worker-0.pem']) expect(modeOf(cluster, `pki/${name}`)).toBe(0o644);
    expect(fs.readdirSync(path.join(cluster.folder, 'pki')).filter(name => name.startsWith('.'))).toEqual([]);
    await expectSound(cluster);
  });

  test('the identity is as Kubernetes wants it', async () => {
    const cluster = await emptyCluster();
    await run(cluster, 'pki', 'issue', ...ec);
    const ca = new X509Certificate(cluster.read('pki/ca.pem'));
    const leaf = certificate(cluster);
    expect(leaf.subject).toBe('O=system:nodes\nCN=system:node:worker-0');
    expect(leaf.subjectAltName).toBe('DNS:worker-0, IP Address:10.0.1.20');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(cluster.read('pki/worker-0-key.pem')))).toBe(true);
    expect(leaf.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(leaf.serialNumber).not.toBe(certificate(cluster, 'worker-1').serialNumber);
    const [from, to] = [new Date(leaf.validFrom).getTime(), new Date(leaf.validTo).getTime()];
    expect(Math.abs(Date.now() - 3_600_000 - from)).toBeLessThan(120_000);
    expect(Math.round((to - Date.now()) / 86_400_000)).toBe(365);
    expect(ca.ca).toBe(true);
    expect(ca.subject).toBe('CN=from-scratch CA');
    expect(Math.round((new Date(ca.validTo).getTime() - Date.now()) / 86_400_000)).toBe(3650);
  });

  test('a line for each file, and a word about the CA’s key', async () => {
    const cluster = await emptyCluster();
    const { out, err } = await run(cluster, 'pki', 'issue', ...ec);
    expect(out).toMatch(
      /^wrote pki\/ca-key.pem: the key of a new CA\nwrote pki\/ca.pem: the certificate of a new CA, valid until \d{4}-\d\d-\d\d\n/,
    );
    expect(out.split('\n')).toHaveLength(9);
    expect(err).toContain('pki/ca-key.pem');
    expect(out + err).not.toContain('PRIVATE KEY');
  });

  test('kube-proxy has its own, for a client only, where it is a component', async () => {
    const cluster = await emptyCluster();
    cluster.spec(spec => {
      spec.components = ['containerd', 'kubelet', 'kube-proxy'];
    });
    const { json } = await run(cluster, 'pki', 'issue', ...ec, '--json');
    expect(issued(json)).toEqual(expect.arrayContaining(identity('kube-proxy')));
    const leaf = certificate(cluster, 'kube-proxy');
    expect(leaf.subject).toBe('O=system:node-proxier\nCN=system:kube-proxy');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(leaf.subjectAltName).toBeUndefined();
  });
});

describe('beside what is there', () => {
  test('a second run writes nothing', async () => {
    const cluster = await emptyCluster();
    await run(cluster, 'pki', 'issue', ...ec);
    const before = listing(cluster);
    cluster.remove('pki/ca-key.pem');
    const { code, json } = await run(cluster, 'pki', 'issue', '--json');
    expect(code).toBe(0);
    expect(json.issued).toEqual([]);
    expect(json.kept).toHaveLength(7);
    expect({ ...listing(cluster), 'ca-key.pem': before['ca-key.pem'] }).toEqual(before);
    expect((await run(cluster, 'pki', 'issue')).out).toMatch(/Nothing was missing\.\n$/);
  });

  test.each([
    ['the key alone', ['worker-0.pem', 'worker-0.kubeconfig']],
    ['key and certificate', ['worker-0.kubeconfig']],
    [
      'the CA’s key alone',
      ['ca.pem', ...['worker-0', 'worker-1'].flatMap(name => [`${name}-key.pem`, `${name}.pem`, `${name}.kubeconfig`])],
    ],
  ])('a killed run left %s: the next one goes on with it', async (_, missing) => {
    const cluster = await emptyCluster();
    await run(cluster, 'pki', 'issue', ...ec);
    const before = listing(cluster);
    for (const name of missing) cluster.remove(`pki/${name}`);
    const { code, json } = await run(cluster, 'pki', 'issue', ...ec, '--json');
    expect(code).toBe(0);
    expect(issued(json)).toEqual(missing.map(name => `pki/${name}`).sort());
    const kept = Object.keys(before).filter(name => !missing.includes(name));
    expect(Object.fromEntries(kept.map(name => [name, listing(cluster)[name]]))).toEqual(
      Object.fromEntries(kept.map(name => [name, before[name]])),
    );
    await expectSound(cluster);
  });

  test('stopped after any number of writes, the next run ends well', async () => {
    const whole = await emptyCluster();
    await run(whole, 'pki', 'issue', ...ec);
    const files = listing(whole);
    const order = [
      'ca-key.pem',
      'ca.pem',
      ...['worker-0', 'worker-1'].flatMap(name => [`${name}-key.pem`, `${name}.pem`, `${name}.kubeconfig`]),
    ];
    for (let written = 0; written <= order.length; written++) {
      const cluster = await emptyCluster();
      for (const name of order.slice(0, written)) cluster.write(`pki/${name}`, files[name] ?? '');
      expect((await run(cluster, 'pki', 'issue', ...ec)).code).toBe(0);
      await expectSound(cluster);
    }
  });

  test('--worker issues for one, and --force renews it and nothing else', async () => {
    const cluster = await emptyCluster();
    await run(cluster, 'pki', 'issue', ...ec, '--worker', 'worker-0');
    expect(Object.keys(listing(cluster))).toEqual([
      'ca-key.pem',
      'ca.pem',
      'worker-0-key.pem',
      'worker-0.kubeconfig',
      'worker-0.pem',
    ]);
    await run(cluster, 'pki', 'issue', ...ec);
    const before = listing(cluster);
    const { json } = await run(cluster, 'pki', 'issue', ...ec, '--force', '--worker', 'worker-1', '--json');
    expect(issued(json)).toEqual(identity('worker-1').sort());
    const after = listing(cluster);
    const changed = Object.keys(after).filter(name => after[name] !== before[name]);
    expect(changed.map(name => `pki/${name}`).sort()).toEqual(identity('worker-1').sort());
    await expectSound(cluster);
  });

  test('--days is kept, and cut at the CA’s end', async () => {
    const cluster = await withCa(await makeCa({ notAfter: Date.now() + 40 * 86_400_000 }));
    await run(cluster, 'pki', 'issue', ...ec, '--days', '35', '--worker', 'worker-0');
    await run(cluster, 'pki', 'issue', ...ec, '--worker', 'worker-1');
    const days = (name: string) =>
      Math.round((new Date(certificate(cluster, name).validTo).getTime() - Date.now()) / 86_400_000);
    expect([days('worker-0'), days('worker-1')]).toEqual([35, 40]);
    expect(certificate(cluster, 'worker-1').validTo).toBe(new X509Certificate(cluster.read('pki/ca.pem')).validTo);
  });

  test('a folder that is there keeps its mode', async () => {
    const cluster = await withCa();
    fs.chmodSync(path.join(cluster.folder, 'pki'), 0o750);
    await run(cluster, 'pki', 'issue', ...ec);
    expect(modeOf(cluster, 'pki')).toBe(0o750);
  });
});

describe('from any CA', () => {
  test.each(['ec', 'p384', 'rsa2048', 'ed25519'] as const)('%s', async keyType => {
    const cluster = await withCa(await makeCa({ keyType }));
    expect((await run(cluster, 'pki', 'issue', ...ec)).code).toBe(0);
    await expectSound(cluster);
  });

  test('its name is taken byte for byte, its key identifier too', async () => {
    const ca = await makeCa({ subject: 'C=DE, O=Müller + OU=a\\, b, CN=K8s CA_1, E=a@b.example' });
    const cluster = await withCa(ca);
    expect((await run(cluster, 'pki', 'issue', ...ec)).code).toBe(0);
    const parsed = new X509Certificate(ca.certificate);
    expect(Buffer.from(certificate(cluster).raw).includes(Buffer.from(ca.x509.subjectName.toArrayBuffer()))).toBe(true);
    expect(certificate(cluster).checkIssued(parsed)).toBe(true);
    await expectSound(cluster);
  });

  test('its key lies elsewhere', async () => {
    const cluster = await withCa();
    cluster.write('elsewhere/ca.key', cluster.read('pki/ca-key.pem'));
    cluster.remove('pki/ca-key.pem');
    expect((await run(cluster, 'pki', 'issue', ...ec, '--ca-key', 'elsewhere/ca.key')).code).toBe(0);
    await expectSound(cluster);
  });

  test('its key comes through pki.readSecret', async () => {
    const cluster = await withCa();
    cluster.write('pki/ca-key.pem', Buffer.from(cluster.ca.key).toString('base64'));
    cluster.spec(spec => {
      spec.pki = { ...spec.pki, readSecret: ['base64', '-d', '{file}'] };
    });
    const { code, err } = await run(cluster, 'pki', 'issue', ...ec);
    expect(code).toBe(0);
    expect(err).toContain('plain text');
  });
});

test('files that it does not know stay as they are', async () => {
  const cluster = await makeCluster();
  const pair = await issue({ cn: 'x' });
  cluster.write('pki/extra.pem', pair.certificate);
  const { json } = await run(cluster, 'pki', 'issue', '--json');
  expect(json.issued).toEqual([]);
  expect(cluster.read('pki/extra.pem')).toBe(pair.certificate);
});

test('days that the CA does not have are cut, and that is said', async () => {
  const cluster = await emptyCluster();
  const { err } = await run(cluster, 'pki', 'issue', ...ec, '--days', '99999');
  expect(err).toMatch(/note: the certificates end with the CA, \d{4}-\d\d-\d\d, before the 99999 days of --days/);
  const other = await emptyCluster();
  expect((await run(other, 'pki', 'issue', ...ec, '--days', '3000')).err).not.toContain('--days');
});
