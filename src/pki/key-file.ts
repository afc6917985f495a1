import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import { describeLabel } from './certificate-file.ts';
import type { InputFile } from './input-file.ts';
import { isPlainKeyLabel, type PrivateKey, parsePrivateKey } from './key.ts';
import { type PemBlock, type PemProblem, readPem } from './pem.ts';
import { keyText } from './public-key.ts';
import { bytesOf, type Siblings } from './read-failure.ts';

export type KeyRead = { readonly key?: PrivateKey; readonly findings: readonly Finding[] };

/** The one private key of a file, and everything that is wrong with the file. `what` begins the sentences: "worker-0’s private key". */
export function readKeyFile(file: InputFile, what: string, required: boolean, siblings?: Siblings): KeyRead {
  if (file.result.kind === 'missing' && !required)
    return { findings: [finding('PKI_KEY_ABSENT', { file: file.name }, { what })] };
  const bytes = bytesOf(file, what, siblings);
  if (!(bytes instanceof Uint8Array)) return { findings: [bytes] };
  const { blocks, problems } = readPem(bytes);
  const keys = blocks.filter(block => isPlainKeyLabel(block.label) && encryptionOf(block) === undefined);
  // `openssl ecparam -genkey` writes the curve's name before the key; the key names it too.
  const others = blocks.filter(block => !keys.includes(block) && block.label !== 'EC PARAMETERS');
  const [first, second] = keys;
  const findings = [
    ...problems.map(problem => notPem(file.name, what, problem)),
    ...others.map(block => otherBlock(file.name, what, block, first === undefined)),
  ];
  if (second)
    findings.push(finding('PKI_SEVERAL_KEYS', { file: file.name, block: second.block }, { what, count: keys.length }));
  if (!first) {
    if (findings.length === 0)
      findings.push(
        finding(
          'PKI_WRONG_BLOCK',
          { file: file.name, block: 1 },
          { what, found: 'EC parameters and no key', advice: noKey },
        ),
      );
    return { findings };
  }
  const parsed = parsePrivateKey(first);
  if (!('problem' in parsed)) return { key: parsed, findings };
  return { findings: [...findings, unusable(file.name, what, first.block, parsed)] };
}

const noKey = 'a key’s file must hold a PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block.';

function unusable(
  file: string,
  what: string,
  block: number,
  { kind, problem }: { readonly kind: 'invalid' | 'unsupported'; readonly problem: string },
): Finding {
  const origin = { file, block };
  if (kind === 'invalid') return finding('PKI_KEY_INVALID', origin, { what, reason: problem });
  return finding('PKI_KEY_TYPE', origin, {
    what,
    key: keyText({ type: 'other', oid: problem, bits: 0, curve: undefined }),
    reason: 'Go’s TLS knows RSA, ECDSA and Ed25519 only',
  });
}

/** How a block is encrypted, or undefined when it is not. */
function encryptionOf({ label, headers }: PemBlock): string | undefined {
  if (label === 'ENCRYPTED PRIVATE KEY') return 'PKCS#8';
  return headers.some(header => /^Proc-Type:.*ENCRYPTED/i.test(header))
    ? 'OpenSSL’s old form, Proc-Type: 4,ENCRYPTED'
    : undefined;
}

function otherBlock(file: string, what: string, block: PemBlock, alone: boolean): Finding {
  const origin = { file, block: block.block };
  const form = encryptionOf(block);
  if (form !== undefined) return finding('PKI_KEY_ENCRYPTED', origin, { what, form });
  if (block.label.endsWith('CERTIFICATE')) return finding('PKI_CERTIFICATE_IN_KEY', origin, { what, alone });
  if (block.label === 'DSA PRIVATE KEY')
    return finding('PKI_KEY_TYPE', origin, { what, key: 'DSA', reason: 'Go’s TLS knows RSA, ECDSA and Ed25519 only' });
  return finding('PKI_WRONG_BLOCK', origin, {
    what,
    found: describeLabel(block.label),
    advice: keyBlockAdvice(block.label),
  });
}

function keyBlockAdvice(label: string): string {
  if (label === 'OPENSSH PRIVATE KEY')
    return 'convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY; better, issue a key for the worker with `firstboot pki issue`.';
  if (label.endsWith('CERTIFICATE REQUEST') || label.endsWith('PUBLIC KEY'))
    return 'give the private key that it was made from.';
  return noKey;
}

function notPem(file: string, what: string, problem: PemProblem): Finding {
  const origin = problem.block === undefined ? { file } : { file, block: problem.block };
  return finding('PKI_NOT_PEM', origin, { what, reason: problem.reason, advice: keyAdvice(file, problem) });
}

function keyAdvice(file: string, { kind, reason }: PemProblem): string {
  if (kind === 'der')
    return `convert it: openssl pkey -inform DER -in ${file} -out NEW.pem (a .p12 or .pfx keystore: openssl pkcs12 -in ${file} -nocerts -nodes).`;
  if (kind === 'utf-16') return 'save it as ASCII or UTF-8.';
  if (reason.includes('PuTTY'))
    return 'export it from PuTTYgen as an OpenSSH key in PEM; better, issue a key for the worker with `firstboot pki issue`.';
  return 'restore the file from where it was made; a key that sops or git-crypt has encrypted is read with pki.readSecret.';
}
