import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Certificate } from '../pki/certificate.ts';
import { writeYaml } from '../pki/kubeconfig-write.ts';
import { Secret } from '../tree/secret.ts';
import { type CertificateRequest, issueCertificate, type Signer, selfSign } from './certificate.ts';
import type { Owner } from './plan.ts';

export type KeyType = 'rsa' | 'ec';

/** A new key in PKCS#8: RSA-2048, or EC on P-256. */
export function makeKey(type: KeyType): { readonly pem: Secret; readonly object: KeyObject } {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = new Secret(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  return { pem, object: createPrivateKey(Buffer.from(pem.reveal())) };
}

const hour = 3_600_000;
const day = 24 * hour;

/** A machine whose clock is slow by less than this takes a new certificate for valid. */
const backdated = hour;

/** A CA of ten years for a cluster. */
export function makeCa(cluster: string, key: KeyObject, now: number): Certificate {
  return selfSign(
    {
      subject: [{ type: 'CN', value: `${cluster} CA` }],
      notBefore: now - backdated,
      notAfter: now - backdated + 3650 * day,
      ca: true,
      usages: ['keyCertSign', 'cRLSign'],
      purposes: [],
      names: { dns: [], ips: [] },
    },
    key,
  );
}

/**
 * What an owner's certificate says. It does not outlive the CA: verifiers refuse a chain when either end has passed.
 */
export function requestOf(
  owner: Owner,
  key: KeyObject,
  ca: Certificate,
  days: number,
  now: number,
): CertificateRequest {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return {
    ...(owner.kind === 'worker' ? workerParts(owner) : proxyParts),
    publicKey,
    notBefore: Math.max(now - backdated, ca.notBefore),
    notAfter: Math.min(now + days * day, ca.notAfter),
    ca: false,
    // RSA key exchange, TLS 1.2: only an RSA key can encipher.
    usages: publicKey.asymmetricKeyType === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
  };
}

/** The node authorizer goes by CN and O; the api-server reaches the kubelet by the names. */
function workerParts(
  owner: Owner & { readonly kind: 'worker' },
): Pick<CertificateRequest, 'subject' | 'purposes' | 'names'> {
  return {
    subject: [
      { type: 'O', value: 'system:nodes' },
      { type: 'CN', value: `system:node:${owner.name}` },
    ],
    purposes: ['clientAuth', 'serverAuth'],
    names: { dns: [owner.name], ips: [owner.privateIp] },
  };
}

/** The built-in ClusterRoleBinding system:node-proxier is to the user system:kube-proxy. */
const proxyParts: Pick<CertificateRequest, 'subject' | 'purposes' | 'names'> = {
  subject: [
    { type: 'O', value: 'system:node-proxier' },
    { type: 'CN', value: 'system:kube-proxy' },
  ],
  purposes: ['clientAuth'],
  names: { dns: [], ips: [] },
};

export function issueIdentity(owner: Owner, key: KeyObject, signer: Signer, days: number, now: number): Certificate {
  return issueCertificate(requestOf(owner, key, signer.certificate, days, now), signer);
}

/** The kubeconfig as the tutorial leaves it: everything embedded. So it is as secret as the key. */
export function embeddedKubeconfig(
  cluster: string,
  server: string,
  owner: Owner,
  ca: Certificate,
  certificate: Certificate,
  key: Secret,
): Secret {
  const user = owner.kind === 'worker' ? `system:node:${owner.name}` : 'system:kube-proxy';
  const base64 = (content: string | Uint8Array) => Buffer.from(content).toString('base64');
  const yaml = writeYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { 'certificate-authority-data': base64(ca.pem), server } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(certificate.pem), 'client-key-data': base64(key.reveal()) },
      },
    ],
    contexts: [{ name: 'default', context: { cluster, user } }],
    'current-context': 'default',
  });
  return new Secret(new TextEncoder().encode(yaml));
}
