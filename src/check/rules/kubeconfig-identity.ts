import { createPublicKey } from 'node:crypto';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { type Certificate, parseCertificate } from '../../pki/certificate.ts';
import type { Identity } from '../../pki/identity.ts';
import { isPlainKeyLabel, matches, type PrivateKey, parsePrivateKey } from '../../pki/key.ts';
import { valuesOf } from '../../pki/name.ts';
import { readPem } from '../../pki/pem.ts';
import { equalBytes } from '../../tree/bytes.ts';
import { sha256 } from '../../tree/digest.ts';
import type { Secret } from '../../tree/secret.ts';
import { type KubeconfigSubject, short } from './kubeconfig-subject.ts';

/**
 * The embedded certificate is the worker's file. Equal bytes are the rule, so only what differs is parsed. Where the file is
 * another's (PKI_SUBJECT_CN) and the embedded one the worker's, the kubeconfig is right.
 */
export function kubeconfigCertificate({ kubeconfig: { file, user }, identity }: KubeconfigSubject): readonly Finding[] {
  const embedded = user.certificate.data;
  const der = embedded?.value[0];
  if (!embedded || !der || !identity.certificate || equalBytes(der, identity.certificate.der)) return [];
  const origin = { file, path: embedded.path };
  const certificate = parseCertificate(der);
  if ('problem' in certificate) {
    const args = { field: 'client-certificate-data', what: 'a PEM certificate', reason: certificate.problem };
    return [finding('KUBECONFIG_BASE64', origin, args)];
  }
  if (isOfOwner(certificate, identity) && !isOfOwner(identity.certificate, identity)) return [];
  return [
    finding('KUBECONFIG_CERTIFICATE', origin, {
      subject: certificate.subjectText,
      fingerprint: short(certificate.sha256),
      owner: identity.owner,
      file: identity.files.certificate,
      expected: short(identity.certificate.sha256),
      sameSubject: certificate.subjectText === identity.certificate.subjectText,
    }),
  ];
}

/**
 * The embedded key belongs to the worker's certificate. The same bytes as the key file's were compared there already.
 */
export function kubeconfigKey({ kubeconfig: { file, user }, identity }: KubeconfigSubject): readonly Finding[] {
  const embedded = user.key.data;
  if (!embedded || (identity.key && equalBytes(embedded.value.reveal(), identity.key.pem.reveal()))) return [];
  const origin = { file, path: embedded.path };
  const key = openKey(embedded.value);
  if (typeof key === 'string') return [finding('KUBECONFIG_KEY_UNUSABLE', origin, { reason: key })];
  const { certificate } = identity;
  if (!certificate || matches(certificate, key)) return [];
  const der = user.certificate.data?.value[0];
  const own = der && !isOfOwner(certificate, identity) ? parseCertificate(der) : undefined;
  if (own && !('problem' in own) && isOfOwner(own, identity) && matches(own, key)) return [];
  return [
    finding('KUBECONFIG_KEY', origin, {
      key: short(sha256(createPublicKey(key.object).export({ type: 'spki', format: 'der' }))),
      file: identity.files.certificate,
      expected: short(certificate.publicKeySha256),
      whose: ownerOf(key, user.certificate.data?.value[0]),
    }),
  ];
}

/** Whether a certificate's user is the one that this identity must be; of a user's own component any name may be meant. */
function isOfOwner({ subject }: Certificate, { owner }: Identity): boolean {
  const user = owner === 'kube-proxy' ? 'system:kube-proxy' : `system:node:${owner}`;
  return valuesOf(subject, 'CN').at(-1) === user;
}

/** A reason, which says nothing of the key's bytes, when it cannot be used. */
function openKey(pem: Secret): PrivateKey | string {
  const { blocks, problems } = readPem(pem.reveal());
  const block = blocks.find(one => isPlainKeyLabel(one.label));
  if (
    block?.headers.some(header => /ENCRYPTED/.test(header)) ||
    (!block && blocks.some(one => one.label.startsWith('ENCRYPTED')))
  ) {
    return 'it is encrypted with a passphrase';
  }
  if (!block) return problems[0]?.reason ?? 'it is of a kind that Kubernetes does not read';
  const key = parsePrivateKey(block);
  return 'problem' in key
    ? key.kind === 'unsupported'
      ? `Kubernetes cannot use its type (${key.problem})`
      : key.problem
    : key;
}

function ownerOf(key: PrivateKey, der: Uint8Array | undefined): string | undefined {
  const certificate: Certificate | { readonly problem: string } | undefined = der && parseCertificate(der);
  return certificate && !('problem' in certificate) && matches(certificate, key) ? certificate.subjectText : undefined;
}
