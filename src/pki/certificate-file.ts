import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import type { InputFile } from './input-file.ts';
import { printable } from './name.ts';
import { type PemBlock, type PemProblem, readPem } from './pem.ts';
import { bytesOf, type Siblings } from './read-failure.ts';

export type CertificateRead = { readonly certificate?: Certificate; readonly findings: readonly Finding[] };

/** The one certificate of a file, and everything that is wrong with the file. `what` begins the sentences. */
export function readCertificateFile(
  file: InputFile,
  what: string,
  role: 'ca' | 'leaf',
  siblings?: Siblings,
): CertificateRead {
  const bytes = bytesOf(file, what, siblings);
  if (!(bytes instanceof Uint8Array)) return { findings: [bytes] };
  const { blocks, problems } = readPem(bytes);
  const certificates = blocks.filter(block => block.label === 'CERTIFICATE');
  const others = blocks.filter(block => block.label !== 'CERTIFICATE');
  const findings = [
    ...problems.map(problem => notPem(file.name, what, problem)),
    ...others.map(block => otherBlock(file.name, what, block)),
  ];
  const [first, second] = certificates;
  if (!first) {
    // A file of nothing but prose between blocks cannot be: without any block the reader has said so.
    return { findings };
  }
  const parsed = parseCertificate(first.der);
  if ('problem' in parsed) {
    return {
      findings: [
        ...findings,
        finding('PKI_CERTIFICATE_INVALID', { file: file.name, block: first.block }, { what, reason: parsed.problem }),
      ],
    };
  }
  if (second) findings.push(several(file.name, what, role, certificates.length, second, parsed));
  return { certificate: parsed, findings };
}

function notPem(file: string, what: string, problem: PemProblem): Finding {
  const { block, offset } = problem;
  const origin = offset !== undefined ? { file, offset } : block !== undefined ? { file, block } : { file };
  return finding('PKI_NOT_PEM', origin, { what, reason: problem.reason, advice: certificateAdvice(file, problem) });
}

function certificateAdvice(file: string, { kind }: PemProblem): string {
  if (kind === 'der')
    return `convert it: openssl x509 -inform DER -in ${file} -out NEW.pem (a .p12 or .pfx keystore: openssl pkcs12 -in ${file} -nokeys).`;
  if (kind === 'utf-16') return 'save it as ASCII or UTF-8.';
  return 'copy the file anew from where it was issued, with its BEGIN and END lines.';
}

function otherBlock(file: string, what: string, { label, block }: PemBlock): Finding {
  const origin = { file, block };
  if (label.endsWith('PRIVATE KEY')) return finding('PKI_KEY_IN_CERTIFICATE', origin, { what });
  return finding('PKI_WRONG_BLOCK', origin, {
    what,
    found: describeLabel(label),
    advice: certificateBlockAdvice(label),
  });
}

function certificateBlockAdvice(label: string): string {
  if (label.endsWith('CERTIFICATE REQUEST')) return 'give the certificate that the CA made from this request.';
  if (label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE')
    return 'rewrite it: openssl x509 -in FILE -out NEW.pem; Go reads the label CERTIFICATE only.';
  if (label === 'PKCS7') return 'take the certificate out of it: openssl pkcs7 -print_certs -in FILE.';
  return 'keep the certificate alone in this file.';
}

/** A PEM label as people say it. */
export function describeLabel(label: string): string {
  if (label.endsWith('CERTIFICATE REQUEST')) return 'a certificate request (CSR)';
  if (label.endsWith('PUBLIC KEY')) return 'a public key';
  if (label === 'OPENSSH PRIVATE KEY') return 'a key in OpenSSH’s own format';
  if (label === 'X509 CRL') return 'a revocation list';
  return `a block “${printable(label)}”`;
}

/** Says what the second certificate is, since a chain and a bundle are mended in different ways. */
function several(
  file: string,
  what: string,
  role: 'ca' | 'leaf',
  count: number,
  second: PemBlock,
  first: Certificate,
): Finding {
  const parsed = parseCertificate(second.der);
  const readable = !('problem' in parsed);
  const same = readable && parsed.sha256 === first.sha256;
  const description = !readable
    ? 'not readable'
    : same
      ? 'the same once more'
      : `${parsed.subjectText} (${parsed.basicConstraints?.ca ? 'a CA' : 'no CA'})`;
  const advice =
    role === 'ca'
      ? 'keep the one CA that signed the workers and the api-server; to rotate a CA, cross-sign or replace the workers once it has changed everywhere.'
      : 'keep the worker’s own certificate; a chain over an intermediate is not supported: issue from the CA in ca.pem, or put the intermediate there.';
  return finding(
    'PKI_SEVERAL_CERTIFICATES',
    { file, block: second.block },
    { what, count, second: description, advice: same ? 'remove the repetition.' : advice },
  );
}
