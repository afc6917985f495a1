import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { makeCa } from '../support/pki.ts';
import { ec, emptyCluster, listing, withCa } from './start.ts';

describe('refuses, and writes nothing', () => {
  type Case = readonly [string, () => Promise<TestCluster>, RegExp];
  const cases: readonly Case[] = [
    [
      'the CA’s key is absent',
      async () => {
        const cluster = await withCa();
        cluster.remove('pki/ca-key.pem');
        return cluster;
      },
      /PKI_ISSUE_REFUSED.*there is no pki\/ca-key.pem[\s\S]*--ca-key FILE/,
    ],
    [
      'the CA’s key is another’s',
      async () => withCa({ certificate: (await makeCa()).certificate, key: (await makeCa()).key }),
      /is not the key of the CA/,
    ],
    [
      'the CA’s key is encrypted',
      async () => {
        const cluster = await withCa();
        const key = createPrivateKey(cluster.ca.key).export({
          format: 'pem',
          type: 'pkcs8',
          cipher: 'aes-256-cbc',
          passphrase: 'x',
        });
        cluster.write('pki/ca-key.pem', key as string);
        return cluster;
      },
      /PKI_KEY_ENCRYPTED/,
    ],
    [
      'the CA has expired',
      async () => withCa(await makeCa({ notBefore: Date.now() - 2e9, notAfter: Date.now() - 1e9 })),
      /has expired/,
    ],
    [
      'the CA is not valid yet',
      async () => withCa(await makeCa({ notBefore: Date.now() + 1e9 })),
      /is not valid before/,
    ],
    ['the CA is none', async () => withCa(await makeCa({ isCa: false })), /is not the certificate of a CA/],
    ['the CA may not sign', async () => withCa(await makeCa({ keyUsage: 1 })), /may not sign certificates/],
    [
      'the CA is no PEM',
      async () => {
        const cluster = await withCa();
        cluster.write('pki/ca.pem', 'hello');
        return cluster;
      },
      /PKI_NOT_PEM/,
    ],
    [
      'a certificate has lost its key',
      async () => {
        const cluster = await withCa();
        cluster.write('pki/worker-0.pem', cluster.identities['worker-0'].certificate);
        return cluster;
      },
      /worker-0.pem is there without its key/,
    ],
    [
      'key and certificate do not match, and a kubeconfig is wanted',
      async () => {
        const cluster = await makeCluster();
        cluster.write('pki/worker-0-key.pem', cluster.identities['worker-1'].key);
        cluster.remove('pki/worker-0.kubeconfig');
        return cluster;
      },
      /worker-0-key.pem does not match pki\/worker-0.pem/,
    ],
    [
      'certificates are there, but no CA',
      async () => {
        const cluster = await makeCluster();
        cluster.remove('pki/ca.pem');
        return cluster;
      },
      /ca.pem is missing, but pki\/worker-0.pem was signed/,
    ],
    [
      'the spec is broken',
      async () => {
        const cluster = await withCa();
        cluster.edit('cluster.yaml', text => text.replace('version: 1', 'version: 2'));
        return cluster;
      },
      /SPEC_VERSION/,
    ],
  ];
  test.each(cases)('when %s', async (_, make, expected) => {
    const cluster = await make();
    const before = listing(cluster);
    const { code, err } = await run(cluster, 'pki', 'issue', ...ec);
    expect(err).toMatch(expected);
    expect(code).toBe(1);
    expect(listing(cluster)).toEqual(before);
  });

  test.each([
    [['--days', '0'], /--days/],
    [['--days', '1.5'], /--days/],
    [['--key-type', 'dsa'], /rsa or ec/],
    [['--worker', 'worker-9'], /did you mean worker-0/],
  ])('wrong usage: %s', async (args, expected) => {
    const cluster = await withCa();
    const { code, err } = await run(cluster, 'pki', 'issue', ...args);
    expect(code).toBe(2);
    expect(err).toMatch(expected);
  });

  test('a folder that cannot be written is said by name', async () => {
    const cluster = await emptyCluster();
    cluster.write('pki', 'a file in the folder’s place');
    const { code, err } = await run(cluster, 'pki', 'issue', ...ec);
    expect(code).toBe(1);
    expect(err).toMatch(/FILE_NOT_WRITTEN: pki cannot be written/);
  });
});
