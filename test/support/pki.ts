import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

x509.cryptoProvider.set(webcrypto as never);

export type Pair = {
  readonly certificate: string;
  readonly key: string;
  readonly x509: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
};
export type IssueOptions = {
  readonly cn?: string;
  /** Whole subject, instead of cn and o. */
  readonly subject?: string;
  readonly o?: readonly string[];
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly eku?: readonly string[] | null;
  readonly keyUsage?: number | null;
  readonly ca?: Pair;
  /** Sign with another key than the CA's. */
  readonly signWith?: CryptoKey;
  readonly hash?: string;
  /** Milliseconds since 1970. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly keyType?: 'ec' | 'rsa1024' | 'rsa2048' | 'ed25519' | 'p384';
  readonly keys?: CryptoKeyPair;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** Leave key identifiers out. */
  readonly noKeyIds?: boolean;
  readonly serial?: string;
  readonly extensions?: readonly x509.Extension[];
};

/** The example's api-server. */
export const server = 'https://10.0.1.10:6443';
const day = 86_400_000;
export const clientAuth = '1.3.6.1.5.5.7.3.2';
export const serverAuth = '1.3.6.1.5.5.7.3.1';

export async function generateKeys(type: IssueOptions['keyType'] = 'ec'): Promise<CryptoKeyPair> {
  const { subtle } = webcrypto;
  const usages: webcrypto.KeyUsage[] = ['sign', 'verify'];
  if (type === 'ed25519') return (await subtle.generateKey({ name: 'Ed25519' }, true, usages)) as CryptoKeyPair;
  if (type === 'rsa1024' || type === 'rsa2048') {
    const modulusLength = type === 'rsa1024' ? 1024 : 2048;
    return subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
      true,
      usages,
    ) as Promise<CryptoKeyPair>;
  }
  return subtle.generateKey(
    { name: 'ECDSA', namedCurve: type === 'p384' ? 'P-384' : 'P-256' },
    true,
    usages,
  ) as Promise<CryptoKeyPair>;
}

/** A self-signed CA. */
export async function makeCa(options: IssueOptions = {}): Promise<Pair> {
  return issue({
    isCa: true,
    cn: 'Kubernetes',
    o: [],
    eku: null,
    keyUsage: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
    notAfter: Date.now() + 3650 * day,
    ...options,
  });
}

/** A certificate with whatever is right or wrong about it; self-signed without `ca`. */
export async function issue(options: IssueOptions): Promise<Pair> {
  const keys = options.keys ?? (await generateKeys(options.keyType));
  const { ca } = options;
  const subject =
    options.subject ??
    [...(options.o ?? []).map(o => `O=${o}`), ...(options.cn === undefined ? [] : [`CN=${options.cn}`])].join(', ');
  const names = [
    ...(options.dns ?? []).map(value => ({ type: 'dns' as const, value })),
    ...(options.ips ?? []).map(value => ({ type: 'ip' as const, value })),
  ];
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(options.isCa === true, options.pathLength, true),
    ...(options.keyUsage === null
      ? []
      : [new x509.KeyUsagesExtension(options.keyUsage ?? x509.KeyUsageFlags.digitalSignature, true)]),
    ...(options.eku === null
      ? []
      : [new x509.ExtendedKeyUsageExtension([...(options.eku ?? [clientAuth, serverAuth])])]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ...(options.noKeyIds
      ? []
      : [
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(ca?.keys.publicKey ?? keys.publicKey),
        ]),
    ...(options.extensions ?? []),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: options.serial ?? `01${randomBytes(15).toString('hex')}`,
    subject,
    issuer: ca?.x509.subject ?? subject,
    notBefore: new Date(options.notBefore ?? Date.now() - 3_600_000),
    notAfter: new Date(options.notAfter ?? Date.now() + 365 * day),
    publicKey: keys.publicKey,
    signingKey: options.signWith ?? ca?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm(options.signWith ?? ca?.keys.privateKey ?? keys.privateKey, options.hash ?? 'SHA-256'),
    extensions,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
  return { certificate: `${certificate.toString('pem')}\n`, key, x509: certificate, keys };
}

function algorithm(key: CryptoKey, hash: string) {
  return { ...(key.algorithm as object), hash } as unknown as x509.X509CertificateCreateParams['signingAlgorithm'];
}

/** A worker's identity as the tutorial has it. */
export function workerIdentity(name: string, ip: string, ca: Pair, options: IssueOptions = {}): Promise<Pair> {
  return issue({ cn: `system:node:${name}`, o: ['system:nodes'], dns: [name], ips: [ip], ca, ...options });
}

/** A kubeconfig with everything embedded, as the tutorial makes it. */
export function kubeconfigOf(user: string, server: string, ca: Pair, identity: Pair): string {
  const data = (text: string) => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: from-scratch
  cluster:
    certificate-authority-data: ${data(ca.certificate)}
    server: ${server}
users:
- name: ${user}
  user:
    client-certificate-data: ${data(identity.certificate)}
    client-key-data: ${data(identity.key)}
contexts:
- name: default
  context:
    cluster: from-scratch
    user: ${user}
current-context: default
`;
}
