import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { firstboot, issueExample } from './cluster.ts';
import { lab, need, needs, run, succeed } from './lab.ts';
import { type Certificate, selfSign, sign } from './openssl.ts';

const requirements = [needs.verifier, needs.openssl];
const workers = { 'worker-0': '10.0.1.20', 'worker-1': '10.0.1.21' } as const;

describe.each(['rsa', 'ec'] as const)('what pki issue writes with --key-type %s', keyType => {
  test('is accepted by Go as api-server, as client of the kubelet and as key pair', context => {
    need(context, ...requirements);
    const pki = pkiOf(issueExample({ name: keyType, changes: {}, keyType }));
    const verdicts = judge(Object.keys(workers).map(worker => identityIn(pki, worker)));
    expect(verdicts).toEqual(Object.keys(workers).map(id => ({ id, ...accepted })));
  });

  test('is accepted by OpenSSL under -x509_strict for both purposes', context => {
    need(context, ...requirements);
    const pki = pkiOf(issueExample({ name: keyType, changes: {}, keyType }));
    for (const [worker, ip] of Object.entries(workers))
      expect(openssl(pki, worker, ip)).toEqual({ client: 'OK', server: 'OK' });
    expect(openssl(pki, 'worker-0', '10.0.1.21')).toEqual({
      client: 'OK',
      server: expect.stringContaining('IP address mismatch'),
    });
  });
});

/** What `check` accepts, the verifiers of api-server and clients accept: each identity is issued by OpenSSL, `agrees` is what all say of it. */
describe('check and Go’s verifier judge alike', () => {
  const subject = '/O=system:nodes/CN=system:node:worker-0';
  const sans = 'DNS:worker-0,IP:10.0.1.20';
  const good: Certificate = { subject, sans };
  type Case = {
    readonly what: string;
    readonly agrees: boolean;
    readonly certificate?: Certificate;
    readonly ca?: readonly string[];
    readonly otherKey?: true;
  };
  const isCa = 'basicConstraints=critical,CA:TRUE';
  const cases: readonly Case[] = [
    { what: 'a certificate as it should be', agrees: true },
    {
      what: 'an RSA key',
      agrees: true,
      certificate: { ...good, key: ['-newkey', 'rsa:2048'], keyUsage: 'critical,digitalSignature,keyEncipherment' },
    },
    {
      what: 'a P-384 key',
      agrees: true,
      certificate: { ...good, key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] },
    },
    {
      what: 'further names',
      agrees: true,
      certificate: { ...good, sans: `${sans},DNS:worker-0.example.com,IP:192.0.2.1` },
    },
    {
      what: 'a further organization',
      agrees: true,
      certificate: { ...good, subject: '/O=example/O=system:nodes/CN=system:node:worker-0' },
    },
    {
      what: 'another worker’s name',
      agrees: false,
      certificate: { ...good, subject: '/O=system:nodes/CN=system:node:worker-1' },
    },
    {
      what: 'a name without system:node:',
      agrees: false,
      certificate: { ...good, subject: '/O=system:nodes/CN=worker-0' },
    },
    { what: 'no organization', agrees: false, certificate: { ...good, subject: '/CN=system:node:worker-0' } },
    { what: 'no alternative names', agrees: false, certificate: { subject } },
    { what: 'no address among them', agrees: false, certificate: { ...good, sans: 'DNS:worker-0' } },
    { what: 'no name among them', agrees: false, certificate: { ...good, sans: 'IP:10.0.1.20' } },
    { what: 'another address', agrees: false, certificate: { ...good, sans: 'DNS:worker-0,IP:10.0.1.21' } },
    { what: 'the address as a name', agrees: false, certificate: { ...good, sans: 'DNS:worker-0,DNS:10.0.1.20' } },
    { what: 'no server use', agrees: false, certificate: { ...good, extendedKeyUsage: 'clientAuth' } },
    { what: 'no client use', agrees: false, certificate: { ...good, extendedKeyUsage: 'serverAuth' } },
    {
      what: 'an end in the past',
      agrees: false,
      certificate: { ...good, validity: ['20200101000000Z', '20210101000000Z'] },
    },
    {
      what: 'a beginning in the future',
      agrees: false,
      certificate: { ...good, validity: ['20900101000000Z', '20910101000000Z'] },
    },
    {
      what: 'an unknown critical extension',
      agrees: false,
      certificate: { ...good, more: '1.3.6.1.4.1.99999.1 = critical,ASN1:NULL\n' },
    },
    { what: 'a SHA-1 signature', agrees: false, certificate: { ...good, digest: 'sha1' } },
    { what: 'another CA of the same name', agrees: false, certificate: { ...good, issuer: 'other' } },
    { what: 'the key of another certificate', agrees: false, otherKey: true },
    { what: 'a CA that is none', agrees: false, ca: ['basicConstraints=critical,CA:FALSE'] },
    { what: 'a CA that may not sign certificates', agrees: false, ca: [isCa, 'keyUsage=critical,digitalSignature'] },
    { what: 'a CA for other names', agrees: false, ca: [isCa, 'nameConstraints=critical,permitted;DNS:example.com'] },
    {
      what: 'a CA for other addresses',
      agrees: false,
      ca: [isCa, 'nameConstraints=critical,excluded;IP:10.0.0.0/255.0.0.0'],
    },
    {
      what: 'a CA for these names',
      agrees: true,
      ca: [isCa, 'nameConstraints=critical,permitted;DNS:worker-0,permitted;IP:10.0.0.0/255.0.0.0'],
    },
    { what: 'a CA for servers only', agrees: false, ca: [isCa, 'extendedKeyUsage=serverAuth'] },
    {
      what: 'a CA without room for a path',
      agrees: true,
      ca: ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign'],
    },
  ];

  test.for(cases)('$what', ({ agrees, certificate = good, ca, otherKey }, context) => {
    need(context, ...requirements);
    const changes = { workers: { 'worker-0': { privateIp: '10.0.1.20' } } };
    const cluster = issueExample({ name: 'one worker', changes, keyType: 'ec' });
    const pki = pkiOf(cluster);
    rmSync(join(pki, 'worker-0.kubeconfig'));
    selfSign(pki, 'ca', '/CN=Kubernetes', ca);
    selfSign(pki, 'other', '/CN=Kubernetes');
    sign(pki, 'worker-0', certificate);
    if (otherKey) copyFileSync(join(pki, 'other-key.pem'), join(pki, 'worker-0-key.pem'));
    const [verdict] = judge([identityIn(pki, 'worker-0')]);
    const { code, stdout, stderr } = firstboot('check', '--cluster', cluster, '--json');
    const goes = { go: isAccepted(verdict as Verdict), check: code === 0 };
    expect(goes, `${JSON.stringify(verdict)}\n${stdout}${stderr}`).toEqual({ go: agrees, check: agrees });
  });
});

const accepted = { parse: null, client: null, node: null, server: null, pair: null };
type Verdict = { readonly id: string } & Readonly<Record<keyof typeof accepted, string | null>>;
const isAccepted = ({ id: _, ...answers }: Verdict): boolean => Object.values(answers).every(answer => answer === null);

type Identity = {
  readonly id: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly ip: string;
};

const pkiOf = (cluster: string): string => join(dirname(cluster), 'pki');

function identityIn(pki: string, worker: string): Identity {
  const read = (file: string) => readFileSync(join(pki, file), 'utf8');
  const ip = workers[worker as keyof typeof workers];
  return {
    id: worker,
    ca: read('ca.pem'),
    cert: read(`${worker}.pem`),
    key: read(`${worker}-key.pem`),
    name: worker,
    ip,
  };
}

/** Go's verdict on many identities at once. */
function judge(identities: readonly Identity[]): readonly Verdict[] {
  const input = identities.map(identity => `${JSON.stringify(identity)}\n`).join('');
  const lines = succeed([join(lab, 'bin/verify')], { input })
    .trim()
    .split('\n');
  return lines.map(line => JSON.parse(line));
}

function openssl(pki: string, worker: string, ip: string) {
  const ask = (...how: readonly string[]) => {
    const argv = [
      'openssl',
      'verify',
      '-x509_strict',
      '-CAfile',
      join(pki, 'ca.pem'),
      ...how,
      join(pki, `${worker}.pem`),
    ];
    const { code, stdout, stderr } = run(argv);
    return code === 0 && /: OK$/m.test(stdout) ? 'OK' : stdout + stderr;
  };
  return {
    client: ask('-purpose', 'sslclient'),
    server: ask('-purpose', 'sslserver', '-verify_ip', ip, '-verify_hostname', worker),
  };
}
