import type { Finding } from '../diagnostics/diagnostic.ts';
import type { Certificate } from './certificate.ts';
import { type CertificateRead, readCertificateFile } from './certificate-file.ts';
import type { InputFile } from './input-file.ts';
import type { PrivateKey } from './key.ts';
import { readKeyFile } from './key-file.ts';
import { type Kubeconfig, readKubeconfig } from './kubeconfig.ts';
import type { Siblings } from './read-failure.ts';

export type { InputFile };

/** What a worker (or kube-proxy) proves who it is with. A part is undefined when it is absent or unreadable; `findings` says which and why. */
export type Identity = {
  /** The worker's name, or the name of a component that has an identity of its own, such as kube-proxy. */
  readonly owner: string;
  readonly files: { readonly certificate: string; readonly key: string; readonly kubeconfig: string };
  readonly certificate: Certificate | undefined;
  readonly key: PrivateKey | undefined;
  readonly kubeconfig: Kubeconfig | undefined;
  readonly findings: readonly Finding[];
};

export type IdentityFiles = {
  readonly certificate: InputFile;
  readonly key: InputFile;
  readonly kubeconfig: InputFile;
};

export type IdentityOptions = {
  /** False: a missing key is a warning. */
  readonly keyRequired: boolean;
  /** For the hint of a missing file. */
  readonly siblings?: Siblings | undefined;
};

/** Reads the parts of an identity; each on its own, so that all that is wrong is said at once. A missing kubeconfig is no fault. */
export function readIdentity(
  owner: string,
  files: IdentityFiles,
  { keyRequired, siblings }: IdentityOptions,
): Identity {
  const certificate = readCertificateFile(files.certificate, `${owner}’s certificate`, 'leaf', siblings);
  const key = readKeyFile(files.key, `${owner}’s private key`, keyRequired, siblings);
  const kubeconfig = readKubeconfig(files.kubeconfig);
  return {
    owner,
    files: { certificate: files.certificate.name, key: files.key.name, kubeconfig: files.kubeconfig.name },
    certificate: certificate.certificate,
    key: key.key,
    kubeconfig: kubeconfig.kubeconfig,
    findings: [...certificate.findings, ...key.findings, ...kubeconfig.findings],
  };
}

/** Reads the cluster's CA: one certificate, whose fitness the rules judge. */
export function readCa(file: InputFile, siblings?: Siblings): CertificateRead {
  return readCertificateFile(file, 'the CA’s certificate', 'ca', siblings);
}
