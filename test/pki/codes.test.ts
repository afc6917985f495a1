import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseCertificate } from '../../src/pki/certificate.ts';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { issue, makeCa } from '../support/pki.ts';
import { provokes } from '../support/provoke.ts';
import * as der from './forge.ts';

const day = 86_400_000;
const certificate = 'pki/worker-0.pem';
const key = 'pki/worker-0-key.pem';
const block = (file: string, line = 1) => `${file}:${line}:1`;

/** The cluster's CA, as a forger needs it. */
function authority(cluster: TestCluster) {
  const parsed = parseCertificate(readDer(cluster.ca.certificate));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return {
    der: parsed.der,
    pem: cluster.ca.certificate,
    key: createPrivateKey(cluster.ca.key),
    subject: parsed.rawSubject,
  };
}

function readDer(pem: string): Uint8Array {
  return Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
}

const extensions: readonly Uint8Array[] = [
  der.basicConstraints(false),
  der.digitalSignature(),
  der.eku(der.clientAuth, der.serverAuth),
  der.san(der.dns('worker-0'), der.ip(10, 0, 1, 20)),
];

/** Puts a certificate of worker-0 into the folder that no library would make; the kubeconfig, which names another, goes. */
function forgeWorker(
  cluster: TestCluster,
  over: der.Forgery,
  issuer: der.Forgery['issuer'] & { subject: Uint8Array } = authority(cluster),
): void {
  const dates = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 365 * day) };
  const forged = der.forgeWorker(issuer, { ...dates, extensions, ...over });
  cluster.write(certificate, forged.pem);
  cluster.write(key, der.keyPem(forged.key), 0o600);
  cluster.remove('pki/worker-0.kubeconfig');
}

/** Another CA for the whole cluster; the workers are issued by it. */
function forgeCa(cluster: TestCluster, over: der.Forgery): void {
  const ca = der.forgeCa({
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 3650 * day),
    ...over,
  });
  cluster.write('pki/ca.pem', ca.pem);
  forgeWorker(cluster, {}, ca);
}

const caExtensions = (...more: readonly Uint8Array[]) => ({
  extensions: [der.basicConstraints(true), der.certSign(), ...more],
});

/** kube-proxy runs too, with an identity that all workers share. */
async function addKubeProxy(cluster: TestCluster, over: Parameters<typeof issue>[0]): Promise<void> {
  cluster.spec(spec => {
    spec.components = [...(spec.components ?? ['containerd', 'kubelet']), 'kube-proxy'];
  });
  const pair = await issue({
    cn: 'system:kube-proxy',
    o: ['system:node-proxier'],
    eku: [der.clientAuth],
    ca: cluster.ca,
    ...over,
  });
  cluster.write('pki/kube-proxy.pem', pair.certificate);
  cluster.write('pki/kube-proxy-key.pem', pair.key, 0o600);
}

provokes(
  'PKI_FILE_MISSING',
  'the certificate lies there under another ending',
  cluster => {
    cluster.write('pki/worker-0.crt', cluster.read(certificate));
    cluster.remove(certificate);
  },
  { at: certificate },
);
provokes('PKI_FILE_MISSING', 'build needs the key', cluster => cluster.remove(key), { at: key, command: 'build' });
test('a link that points nowhere is said to be one, and is not its own suggestion', async () => {
  const cluster = await makeCluster();
  cluster.remove(certificate);
  fs.symlinkSync('nope', path.join(cluster.folder, certificate));
  const { json } = await run(cluster, 'check', '--json');
  const [missing] = json.diagnostics;
  expect(missing.code).toBe('PKI_FILE_MISSING');
  expect(missing.message).toContain('the symbolic link points to nope, which does not exist');
  expect(missing.hint).not.toContain(certificate);
});
for (const [what, change, at] of [
  ['a stray character', (text: string) => text, '3:6'],
  ['a line that lost a character', (text: string) => text.replace('!', ''), '3:1'],
] as const) {
  provokes(
    'PKI_NOT_PEM',
    `${what} is pointed at`,
    cluster =>
      cluster.edit(certificate, text => {
        const lines = text.split('\n');
        lines[2] = change(`${lines[2]?.slice(0, 5)}!${lines[2]?.slice(6)}`);
        return lines.join('\n');
      }),
    { at: `${certificate}:${at}`, only: true },
  );
}
provokes('PKI_FILE_MISSING', 'no CA', cluster => cluster.remove('pki/ca.pem'), { at: 'pki/ca.pem' });
provokes(
  'PKI_FILE_UNREADABLE',
  'a folder in the certificate’s place',
  cluster => {
    cluster.remove(certificate);
    cluster.write(`${certificate}/file`, 'x');
  },
  { at: certificate },
);
provokes(
  'PKI_FILE_TOO_LARGE',
  'a certificate of 2 MB',
  cluster => cluster.write(certificate, Buffer.alloc(2_000_000, '-')),
  { at: certificate },
);
provokes(
  'PKI_FILE_ESCAPES',
  'a link out of the folder',
  cluster => {
    cluster.write('elsewhere.pem', cluster.read(certificate));
    cluster.remove(certificate);
    fs.symlinkSync('../elsewhere.pem', path.join(cluster.folder, certificate));
  },
  { at: certificate },
);
provokes(
  'PKI_READ_SECRET_FAILED',
  'the command fails',
  cluster => {
    cluster.spec(spec => {
      spec.pki = { ...spec.pki, readSecret: ['false', '{file}'] };
    });
  },
  { command: 'build' },
);
provokes('PKI_READ_SECRET_UNREAD', 'the command fails where no key is needed', cluster => {
  cluster.spec(spec => {
    spec.pki = { ...spec.pki, readSecret: ['false', '{file}'] };
  });
});
provokes('PKI_NOT_PEM', 'DER', cluster => cluster.write(certificate, readDer(cluster.read(certificate))), {
  at: certificate,
});
provokes('PKI_NOT_PEM', 'a key that was cut off', cluster => cluster.edit(key, text => text.slice(0, 120)), {
  at: block(key),
});
provokes(
  'PKI_WRONG_BLOCK',
  'a certificate request',
  cluster => cluster.edit(certificate, text => text.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST')),
  { at: block(certificate) },
);
provokes(
  'PKI_KEY_IN_CERTIFICATE',
  'a key after the certificate',
  cluster => cluster.edit(certificate, text => `${text}${cluster.read(key)}`),
  { at: certificate },
);
provokes(
  'PKI_KEY_IN_CERTIFICATE',
  'the CA’s key in its file',
  cluster => cluster.edit('pki/ca.pem', text => `${cluster.ca.key}${text}`),
  { at: block('pki/ca.pem') },
);
provokes(
  'PKI_CERTIFICATE_IN_KEY',
  'the two files are mixed up',
  cluster => {
    const [a, b] = [cluster.read(certificate), cluster.read(key)];
    cluster.write(certificate, b);
    cluster.write(key, a);
  },
  { at: block(key) },
);
provokes(
  'PKI_SEVERAL_CERTIFICATES',
  'a chain',
  cluster => cluster.edit(certificate, text => text + cluster.ca.certificate),
  { at: certificate },
);
provokes('PKI_SEVERAL_KEYS', 'two keys', cluster => cluster.edit(key, text => text + cluster.ca.key), { at: key });
provokes(
  'PKI_KEY_ENCRYPTED',
  'a passphrase',
  cluster => {
    const plain = createPrivateKey(cluster.read(key));
    cluster.write(key, plain.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }));
  },
  { at: block(key) },
);
provokes(
  'PKI_KEY_INVALID',
  'a block that is no key',
  cluster => cluster.write(key, der.pem('PRIVATE KEY', Buffer.alloc(40))),
  { at: block(key) },
);
provokes('PKI_KEY_ABSENT', 'check without the key', cluster => cluster.remove(key), { at: key, only: true });
provokes(
  'PKI_CERTIFICATE_INVALID',
  'an extension twice',
  cluster => forgeWorker(cluster, { extensions: [...extensions, der.eku(der.clientAuth)] }),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_SUBJECT_CN',
  'another worker’s name',
  async cluster => void (await cluster.issue({ cn: 'system:node:worker-9' })),
  { at: block(certificate) },
);
provokes('PKI_SUBJECT_CN', 'kube-proxy is somebody else', cluster => addKubeProxy(cluster, { cn: 'kube-proxy' }), {
  at: block('pki/kube-proxy.pem'),
  only: true,
});
provokes('PKI_SUBJECT_O', 'no group', async cluster => void (await cluster.issue({ o: [] })), {
  at: block(certificate),
  only: true,
});
provokes(
  'PKI_SUBJECT_GROUP',
  'a group of Kubernetes beside its own',
  async cluster => void (await cluster.issue({ o: ['system:nodes', 'system:node-proxier'] })),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_SUBJECT_MASTERS',
  'an administrator',
  async cluster => void (await cluster.issue({ o: ['system:nodes', 'system:masters'] })),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_EXPIRED',
  'a year-old certificate',
  async cluster => void (await cluster.issue({ notBefore: Date.now() - 370 * day, notAfter: Date.now() - 5 * day })),
  { at: block(certificate) },
);
provokes(
  'PKI_NOT_YET_VALID',
  'a clock that was ahead',
  async cluster => void (await cluster.issue({ notBefore: Date.now() + day })),
  { at: block(certificate) },
);
provokes(
  'PKI_EXPIRES_TODAY',
  'six hours left',
  async cluster => void (await cluster.issue({ notAfter: Date.now() + day / 4 })),
  { at: block(certificate) },
);
provokes(
  'PKI_EXPIRES_SOON',
  'a week left',
  async cluster => void (await cluster.issue({ notAfter: Date.now() + 7 * day })),
  { at: block(certificate) },
);
provokes(
  'PKI_EXPIRES_SOON',
  'under --strict it is an error',
  async cluster => void (await cluster.issue({ notAfter: Date.now() + 7 * day })),
  { args: ['--strict'] },
);
provokes(
  'PKI_KEY_MISMATCH',
  'the other worker’s key',
  cluster => cluster.write(key, cluster.read('pki/worker-1-key.pem')),
  { at: block(key) },
);
provokes(
  'PKI_KEY_SHARED',
  'one key for two workers',
  async cluster => {
    const { keys } = await cluster.issue({});
    await cluster.issue({ name: 'worker-1', keys });
  },
  { at: block('pki/worker-1.pem') },
);
provokes('PKI_KEY_TYPE', 'P-224', cluster => forgeWorker(cluster, { key: der.ecKey('P-224') }), {
  at: block(certificate),
  only: true,
});
provokes(
  'PKI_KEY_TYPE',
  'an X25519 key',
  cluster => cluster.write(key, der.keyPem(generateKeyPairSync('x25519').privateKey)),
  { at: block(key) },
);
provokes('PKI_KEY_WEAK', 'RSA-1024', async cluster => void (await cluster.issue({ keyType: 'rsa1024' })), {
  at: block(certificate),
});
provokes(
  'PKI_NOT_SIGNED_BY_CA',
  'a CA of the same name with another key',
  async cluster => {
    cluster.write('pki/ca.pem', (await makeCa()).certificate);
  },
  { at: block(certificate) },
);
provokes(
  'PKI_NOT_SIGNED_BY_CA',
  'a CA of another name',
  async cluster => void (await cluster.issue({ ca: await makeCa({ cn: 'another' }) })),
  { at: block(certificate) },
);
provokes('PKI_SIGNATURE_WEAK', 'SHA-1', cluster => forgeWorker(cluster, { hash: 'sha1' }), {
  at: block(certificate),
  only: true,
});
provokes(
  'PKI_KEY_ID_MISMATCH',
  'the CA was made anew for its key',
  cluster => forgeWorker(cluster, { extensions: [...extensions, der.authorityKeyId(9, 9)] }),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_EKU_CLIENT_AUTH',
  'for servers only',
  async cluster => void (await cluster.issue({ eku: [der.serverAuth] })),
  { at: block(certificate) },
);
provokes(
  'PKI_EKU_SERVER_AUTH',
  'for clients only',
  async cluster => void (await cluster.issue({ eku: [der.clientAuth] })),
  { at: block(certificate) },
);
provokes(
  'PKI_SAN_NAME',
  'another name',
  async cluster => void (await cluster.issue({ dns: ['worker-0.example.com'] })),
  { at: block(certificate) },
);
provokes('PKI_SAN_IP', 'another address', async cluster => void (await cluster.issue({ ips: ['10.0.1.99'] })), {
  at: block(certificate),
});
provokes(
  'PKI_KEY_USAGE',
  'for encryption only',
  cluster => forgeWorker(cluster, { extensions: [der.keyUsage(0x20, 5), ...extensions.filter((_, i) => i !== 1)] }),
  { at: block(certificate), only: true },
);
provokes('PKI_CERTIFICATE_IS_CA', 'CA:TRUE', async cluster => void (await cluster.issue({ isCa: true })), {
  at: block(certificate),
});
provokes(
  'PKI_CRITICAL_EXTENSION',
  'an unknown one',
  cluster => forgeWorker(cluster, { extensions: [...extensions, der.extension('1.2.3.4', der.bytes(5, 0), true)] }),
  { at: block(certificate), only: true },
);
provokes('PKI_SERIAL', 'a negative one', cluster => forgeWorker(cluster, { serial: der.bytes(0x80, 1) }), {
  at: block(certificate),
  only: true,
});
provokes(
  'PKI_POLICY',
  'an explicit policy is demanded',
  cluster =>
    forgeWorker(cluster, {
      extensions: [...extensions, der.extension('2.5.29.36', der.tlv(0x30, der.bytes(0x80, 1, 0)))],
    }),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_OUTLIVES_CA',
  'ten years and a half',
  async cluster => void (await cluster.issue({ notAfter: Date.now() + 4000 * day })),
  { at: block(certificate), only: true },
);
provokes(
  'PKI_CA_NOT_CA',
  'a worker’s certificate in the CA’s place',
  cluster => cluster.write('pki/ca.pem', cluster.read(certificate)),
  { at: block('pki/ca.pem') },
);
provokes(
  'PKI_CA_KEY_USAGE',
  'it may not sign',
  cluster => forgeCa(cluster, { extensions: [der.basicConstraints(true), der.digitalSignature()] }),
  { at: block('pki/ca.pem') },
);
provokes('PKI_CA_EKU', 'for servers only', cluster => forgeCa(cluster, caExtensions(der.eku(der.serverAuth))), {
  at: block('pki/ca.pem'),
});
provokes('PKI_CA_SAME_SUBJECT', 'made with the worker’s own request', cluster =>
  forgeCa(cluster, { subject: der.name(['CN', 'system:node:worker-0'], ['O', 'system:nodes']) }),
);
provokes('PKI_CA_CONSTRAINTS_OTHER', 'a directory name', cluster => {
  const subtree = der.tlv(0x30, der.tlv(0xa4, der.name(['O', 'system:nodes'])));
  forgeCa(cluster, caExtensions(der.extension('2.5.29.30', der.tlv(0x30, der.tlv(0xa0, subtree)), false)));
});
provokes(
  'PKI_CA_NAME_CONSTRAINTS',
  'another domain',
  cluster => {
    const constraints = der.extension(
      '2.5.29.30',
      der.tlv(0x30, der.tlv(0xa0, der.tlv(0x30, der.dns('example.com')))),
      true,
    );
    forgeCa(cluster, caExtensions(constraints));
  },
  { at: block(certificate) },
);
provokes('PKI_CA_SIGNATURE', 'signed by another key', cluster => forgeCa(cluster, { signer: der.ecKey() }), {
  at: block('pki/ca.pem'),
});
provokes(
  'PKI_CA_INTERMEDIATE',
  'issued by a root',
  cluster => forgeCa(cluster, { issuerName: der.name(['CN', 'root']), signer: der.ecKey() }),
  { at: block('pki/ca.pem') },
);
provokes(
  'PKI_EKU_ANY',
  'any purpose and none by name',
  cluster => forgeWorker(cluster, { extensions: [...extensions.filter((_, i) => i !== 2), der.eku('2.5.29.37.0')] }),
  { at: block(certificate), only: true },
);
