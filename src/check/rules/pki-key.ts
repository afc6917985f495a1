import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { matches } from '../../pki/key.ts';
import { keyText, whyUnusable } from '../../pki/public-key.ts';
import type { WorkerRule } from '../context.ts';
import { type Judged, judgedWorker } from './pki-judged.ts';

/** Key and certificate belong together, and Kubernetes can use them. */
export const pkiKey: WorkerRule = context => {
  const subject = judgedWorker(context);
  return subject ? keyFindings(subject) : [];
};

export function keyFindings(subject: Judged): readonly Finding[] {
  return [...strengthFindings({ ...subject, what: `the key of ${subject.what}` }), ...pairFindings(subject)];
}

export function strengthFindings({
  certificate,
  what,
  origin,
}: Pick<Judged, 'certificate' | 'what' | 'origin'>): readonly Finding[] {
  const { publicKey } = certificate;
  const reason = whyUnusable(publicKey);
  if (reason !== undefined) return [finding('PKI_KEY_TYPE', origin, { what, key: keyText(publicKey), reason })];
  const weak = publicKey.type === 'rsa' && publicKey.bits < 2048;
  return weak ? [finding('PKI_KEY_WEAK', origin, { what, key: keyText(publicKey) })] : [];
}

function pairFindings({ certificate, owner, key, keyFile, origin }: Judged): readonly Finding[] {
  if (!key || matches(certificate, key)) return [];
  const args = {
    what: `${owner}’s private key`,
    key: keyText(key),
    certificate: origin.file,
    certificateKey: keyText(certificate.publicKey),
  };
  const note = { message: `the certificate, for the public key ${certificate.publicKeySha256.slice(0, 16)}`, origin };
  return [finding('PKI_KEY_MISMATCH', { file: keyFile, block: key.block }, args, [note])];
}
