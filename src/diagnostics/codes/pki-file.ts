import type { CodeEntry } from '../codes.ts';

type Entries = Readonly<Record<string, CodeEntry>>;

/** The files of the PKI folder: whether they can be had, and hold what they should. */
export const pkiFileCodes = {
  PKI_FILE_MISSING: {
    severity: 'error',
    title: 'A file of the PKI folder is missing',
    message: (a: { what: string; similar: string | undefined; link: string | undefined }) =>
      a.link === undefined
        ? `${a.what} is missing: there is no such file.`
        : `${a.what} is missing: the symbolic link points to ${a.link}, which does not exist.`,
    hint: (a: { similar: string | undefined }) =>
      `${a.similar === undefined ? '' : `there is ${a.similar}: is it this one? Else `}issue it with \`firstboot pki issue\`, or say in cluster.yaml, under pki, how it is called.`,
    explain:
      'Each worker needs ca.pem, <worker>.pem and <worker>-key.pem (the names can be set in the spec). Without one of them the kubelet cannot prove who it is.',
  },
  PKI_FILE_UNREADABLE: {
    severity: 'error',
    title: 'A file of the PKI folder cannot be read',
    message: (a: { what: string; reason: string }) => `${a.what} cannot be read: ${a.reason}.`,
    hint: 'there must be a regular file here that you may read.',
    explain: 'Folders, devices, pipes and sockets are not read: a pipe could hang a pipeline for ever.',
  },
  PKI_FILE_TOO_LARGE: {
    severity: 'error',
    title: 'A file of the PKI folder is too large',
    message: (a: { what: string; reason: string }) => `${a.what} is not read: ${a.reason}.`,
    hint: 'a certificate or key has a few thousand bytes; see what this file is.',
    explain:
      'Files are bounded before they are read, so that a wrong file cannot fill the memory or the machine’s user-data.',
  },
  PKI_FILE_ESCAPES: {
    severity: 'error',
    title: 'A symbolic link leaves the PKI folder',
    message: (a: { what: string; target: string }) =>
      `${a.what} is a symbolic link to ${a.target}, outside the PKI folder.`,
    hint: 'copy the file into the folder, or set pki.dir to where it lies.',
    explain:
      'What is in the folder is packed and sent. A link could pick up a file that nobody meant to send, so links are followed within the folder only.',
  },
  PKI_READ_SECRET_FAILED: {
    severity: 'error',
    title: 'The command that reads secrets failed',
    message: (a: { command: string; file: string; reason: string }) =>
      `the command ${a.command} for ${a.file} ${a.reason}.`,
    hint: 'run the command by hand in the folder of cluster.yaml; it must write the file’s plain content to stdout and end with status 0.',
    explain:
      'pki.readSecret names a command, for example sops, that is run for each private key and kubeconfig. Its output is never printed, for it may be half a secret.',
  },
  PKI_READ_SECRET_UNREAD: {
    severity: 'warning',
    title: 'A secret could not be read, and was not judged',
    message: (a: { command: string; file: string; reason: string }) =>
      `the command ${a.command} for ${a.file} ${a.reason}, so it is not checked here.`,
    hint: 'where the key is at hand, `firstboot build` needs it; there run the command by hand in the folder of cluster.yaml.',
    explain:
      '`check` and `plan` need no private key, so a pipeline may run them where pki.readSecret has no rights. A kubeconfig that was not read is taken as one made from the spec.',
  },
  PKI_NOT_PEM: {
    severity: 'error',
    title: 'A file is not PEM',
    message: (a: { what: string; reason: string; advice: string }) => `${a.what} is not PEM: ${a.reason}.`,
    hint: (a: { advice: string }) => a.advice,
    explain:
      'kubelet and api-server read PEM: base64 between BEGIN and END lines. CRLF line ends, a byte order mark and text before the block are fine, and left out of what travels. Go skips a damaged block in silence, so it is an error here.',
  },
  PKI_WRONG_BLOCK: {
    severity: 'error',
    title: 'A file holds something else',
    message: (a: { what: string; found: string; advice: string }) => `${a.what} holds ${a.found} instead.`,
    hint: (a: { advice: string }) => a.advice,
    explain:
      'A certificate’s file must hold a CERTIFICATE, a key’s file a PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY. Requests, public keys and other tools’ key formats look alike but are no use to the kubelet.',
  },
  PKI_KEY_IN_CERTIFICATE: {
    severity: 'error',
    title: 'A private key in a certificate’s file',
    message: (a: { what: string }) => `${a.what} holds a private key, in a file that is public.`,
    hint: 'move the key into its own file (<worker>-key.pem); if the file has been anywhere public, issue a new key.',
    explain:
      'Certificates travel in user-data, which everybody who may describe the instance can read. firstboot refuses to guess which of the two was meant.',
  },
  PKI_CERTIFICATE_IN_KEY: {
    severity: 'error',
    title: 'A certificate in a key’s file',
    message: (a: { what: string; alone: boolean }) =>
      a.alone
        ? `${a.what} is a certificate: the two files may be mixed up.`
        : `${a.what} has a certificate beside the key.`,
    hint: 'a key’s file holds the private key alone; the certificate belongs in <worker>.pem.',
    explain:
      'kubelet finds no key (“found a certificate rather than a key in the PEM for the private key”), or takes one of several without saying which.',
  },
  PKI_SEVERAL_CERTIFICATES: {
    severity: 'error',
    title: 'Several certificates in one file',
    message: (a: { what: string; count: number; second: string; advice: string }) =>
      `${a.what} is one of ${a.count} certificates in this file; the second is ${a.second}.`,
    hint: (a: { advice: string }) => a.advice,
    explain:
      'firstboot proves one certificate against one CA. A chain of leaf and intermediate would be served as it is, and each of its parts would have to be checked against the api-server’s CA; a bundle of several CAs makes the node trust all of them. Neither is supported: the file must hold one certificate.',
  },
  PKI_SEVERAL_KEYS: {
    severity: 'error',
    title: 'Several keys in one file',
    message: (a: { what: string; count: number }) => `${a.what} is one of ${a.count} private keys in this file.`,
    hint: 'keep the key that belongs to the certificate, and remove the others.',
    explain:
      'kubelet takes the first private key of the file and ignores the rest; the others would travel to the machine for nothing.',
  },
  PKI_KEY_ENCRYPTED: {
    severity: 'error',
    title: 'A private key is encrypted',
    message: (a: { what: string; form: string }) => `${a.what} is encrypted with a passphrase (${a.form}).`,
    hint: 'a kubelet cannot ask for a passphrase: decrypt it with `openssl pkey -in FILE -out PLAIN`, or at build time with pki.readSecret.',
    explain:
      'kubelet reads its key unattended and fails on an encrypted one. To keep keys encrypted at rest, let pki.readSecret name the command that decrypts them.',
  },
  PKI_KEY_INVALID: {
    severity: 'error',
    title: 'A private key cannot be used',
    message: (a: { what: string; reason: string }) => `${a.what} is damaged: ${a.reason}.`,
    hint: 'restore it from where it was made, or issue a new one with `firstboot pki issue --force`.',
    explain:
      'The block is PEM, but what it holds is no key that Go and OpenSSL would load. OpenSSL does not notice when the numbers of a key disagree; Go does, and refuses it.',
  },
  PKI_KEY_ABSENT: {
    severity: 'warning',
    title: 'A private key is absent',
    message: (a: { what: string }) => `${a.what} is absent, so that it belongs to the certificate is not checked.`,
    hint: 'to check everything run this where the keys are, or set pki.readSecret; `build` needs the key.',
    explain:
      'What needs no private key works without: `check` of the public parts, and `plan`. That key and certificate belong together is then proven later, by `build`.',
  },
  PKI_CERTIFICATE_INVALID: {
    severity: 'error',
    title: 'A certificate cannot be parsed',
    message: (a: { what: string; reason: string }) => `${a.what} is not a valid X.509 certificate: ${a.reason}.`,
    hint: 'get the file anew from where it was issued, or issue it with `firstboot pki issue --force`.',
    explain:
      'The block is PEM, but Go’s crypto/x509 or OpenSSL would refuse what it holds. Go is the stricter: DER to the letter, no extension twice, key identifiers never critical.',
  },
} satisfies Entries;
