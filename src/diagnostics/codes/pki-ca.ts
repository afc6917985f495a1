import type { CodeEntry } from '../codes.ts';

type Entries = Readonly<Record<string, CodeEntry>>;

/** The CA's own certificate: whether verifiers let it vouch for the workers. */
export const pkiCaCodes = {
  PKI_CA_NOT_CA: {
    severity: 'error',
    title: 'The CA’s certificate is no CA’s',
    message: (a: { subject: string; found: 'absent' | 'false' }) =>
      a.found === 'absent'
        ? `the certificate ${a.subject} has no basic constraints, so it is no CA’s.`
        : `the certificate ${a.subject} says CA:FALSE, so it is no CA’s.`,
    hint: 'put the CA’s certificate here, not a worker’s or the api-server’s; or make the CA with basicConstraints=critical,CA:TRUE.',
    explain:
      'Go lets a version 3 certificate sign others only with basic constraints that say CA:TRUE: “x509: certificate signed by unknown authority … parent certificate cannot sign this kind of certificate”.',
  },
  PKI_CA_KEY_USAGE: {
    severity: 'error',
    title: 'The CA may not sign certificates',
    message: (a: { found: readonly string[] }) =>
      `the CA’s key usage is ${a.found.join(', ') || 'empty'}, without keyCertSign.`,
    hint: 'make the CA’s certificate with keyUsage=critical,keyCertSign,cRLSign, or without a key usage.',
    explain:
      'A key usage that is present must include keyCertSign, else Go and OpenSSL refuse every certificate that the CA signed.',
  },
  PKI_CA_EKU: {
    severity: 'error',
    title: 'The CA’s extended key usage is too narrow',
    message: (a: { found: readonly string[]; lacks: readonly string[] }) =>
      `the CA’s extended key usage is ${a.found.join(', ') || 'empty'}, without ${a.lacks.join(' and ')}.`,
    hint: 'make the CA’s certificate without an extended key usage.',
    explain:
      'Go nests extended key usages: what the CA’s list lacks no certificate below it may be used for. The kubelet is client and server alike, so the CA needs both, or no list.',
  },
  PKI_CA_NAME_CONSTRAINTS: {
    severity: 'error',
    title: 'The CA may not issue for these names',
    message: (a: { what: string; reason: string }) => `the CA’s name constraints forbid ${a.what}: ${a.reason}.`,
    hint: 'issue from a CA whose constraints permit the worker’s name and address.',
    explain:
      'Every name of the certificate must be inside the CA’s permitted subtrees and outside the excluded ones, the names that nobody uses too: “x509: a root or intermediate certificate is not authorized to sign for this name”.',
  },
  PKI_CA_SAME_SUBJECT: {
    severity: 'error',
    title: 'The CA has the name of a worker',
    message: (a: { what: string; subject: string }) => `${a.what} and its CA both have the subject ${a.subject}.`,
    hint: 'issue the certificates from a CA with a name of its own, such as CN=Kubernetes.',
    explain:
      'A certificate whose issuer is its own subject looks self-signed: Go follows the signature and accepts it, OpenSSL stops (“self-signed certificate”). It comes of making the CA with the worker’s own request.',
  },
  PKI_CA_SIGNATURE: {
    severity: 'error',
    title: 'The CA’s certificate was altered',
    message: (a: { subject: string }) =>
      `the CA’s certificate ${a.subject} says that it signed itself, but the signature is not its own.`,
    hint: 'get the CA’s certificate anew from where it was made.',
    explain:
      'Verifiers trust a root as it is and do not look at its signature, so nothing else would notice a file that was damaged or changed after signing.',
  },
  PKI_CA_INTERMEDIATE: {
    severity: 'warning',
    title: 'The CA is an intermediate',
    message: (a: { subject: string; issuer: string }) =>
      `the CA ${a.subject} was itself issued by ${a.issuer}, which is not here.`,
    hint: 'nothing need be done for Kubernetes; to be accepted everywhere, use a self-signed CA for the cluster.',
    explain:
      'Go takes whatever is in the CA file as a root. OpenSSL wants a self-signed root (“unable to get issuer certificate”) unless it is told -partial_chain. That the file is unaltered cannot be checked without its issuer.',
  },
  PKI_CA_CONSTRAINTS_OTHER: {
    severity: 'warning',
    title: 'The CA constrains names of a kind that not every verifier looks at',
    message: (a: { subject: string }) =>
      `the name constraints of the CA ${a.subject} speak of other names than DNS names, addresses, e-mail addresses and URIs.`,
    hint: 'test the certificates with `openssl verify -CAfile ca.pem`, or use a CA without such constraints for the cluster.',
    explain:
      'Go, and so the api-server and the kubelet, passes over constraints on directory names unless the extension is critical, which it then refuses. OpenSSL applies them to the subject: a certificate that works in the cluster may be refused by other programs (“permitted subtree violation”).',
  },
} satisfies Entries;
