import type { CodeEntry } from '../codes.ts';

type Entries = Readonly<Record<string, CodeEntry>>;

const embed =
  '`kubectl config … --embed-certs=true` embeds certificates; `firstboot pki issue --force --worker NAME` writes the whole file anew';

export const kubeconfigCodes = {
  KUBECONFIG_UNREADABLE: {
    severity: 'error',
    title: 'A kubeconfig cannot be read',
    message: (a: { reason: string }) => `this kubeconfig cannot be read: ${a.reason}.`,
    hint: 'make it a regular, readable UTF-8 file; or remove it, then firstboot makes one from the spec.',
    explain:
      'A kubeconfig is read as UTF-8 text of at most 1 MiB. The file may be absent: then the kubeconfig of the node is made from cluster.yaml. ' +
      'A file that is there but cannot be read is not passed over, since it may say something that the spec does not.',
  },
  KUBECONFIG_SYNTAX: {
    severity: 'error',
    title: 'A kubeconfig is not YAML',
    message: (a: { reason: string }) => `this kubeconfig is not one YAML document: ${a.reason}.`,
    hint: 'mend the line that the place points at, or the one before it.',
    explain:
      'The kubelet would exit at once with “error loading config file”, every ten seconds anew. Broken YAML comes of an editor that wraps long base64 ' +
      'lines or of joining two files with `cat`: client-go reads the first document and ignores the second in silence.',
  },
  KUBECONFIG_NOT_KUBECONFIG: {
    severity: 'error',
    title: 'The file is something else than a kubeconfig',
    message: (a: { found: string }) => `this is not a kubeconfig of apiVersion v1 and kind Config, but ${a.found}.`,
    hint: 'put the worker’s kubeconfig here; `firstboot pki issue` writes one.',
    explain:
      'client-go decodes the file as `v1` `Config` and refuses any other kind, so the kubelet would not start. Often it is a KubeletConfiguration in the kubeconfig’s place.',
  },
  KUBECONFIG_TYPE: {
    severity: 'error',
    title: 'A value in a kubeconfig is of the wrong type',
    message: (a: { field: string; expected: string; found: string }) =>
      `${a.field} should be ${a.expected}, but is ${a.found}.`,
    hint: 'write a value of that type; a name or a token of digits needs quotes.',
    explain:
      'client-go decodes into typed fields and fails on the first that does not fit (“cannot unmarshal number into Go struct field”), so the kubelet would not start.',
  },
  KUBECONFIG_UNKNOWN_FIELD: {
    severity: 'warning',
    title: 'A field that a kubeconfig does not have',
    message: (a: { field: string; known: readonly string[]; meant: string | undefined }) =>
      `a kubeconfig has no field ${a.field}.`,
    hint: (a: { known: readonly string[]; meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : `known here: ${a.known.join(', ')}.`,
    explain:
      'client-go ignores fields that it does not know, without a word; so would a misspelt one be. firstboot does not carry it to the node either.',
  },
  KUBECONFIG_DUPLICATE_NAME: {
    severity: 'error',
    title: 'Two entries of a kubeconfig have one name',
    message: (a: { kind: string; name: string }) => `two ${a.kind} are named “${a.name}”.`,
    hint: 'remove one of the two, or rename it and what refers to it.',
    explain: 'client-go refuses the file (“duplicate name in list”). It comes of pasting one kubeconfig into another.',
  },
  KUBECONFIG_NO_CONTEXT: {
    severity: 'error',
    title: 'A kubeconfig has no current context',
    message: (a: { contexts: readonly string[] }) =>
      `current-context is not set${a.contexts.length > 0 ? `, though there are contexts (${a.contexts.join(', ')})` : ', and there are no contexts'}.`,
    hint: (a: { contexts: readonly string[] }) =>
      `write \`current-context: ${a.contexts[0] ?? 'default'}\` (\`kubectl config use-context\` does).`,
    explain:
      'The kubelet takes no context by option: without current-context it sees no server (“no configuration has been provided”) and exits. `kubectl config set-context` alone does not set it.',
  },
  KUBECONFIG_DANGLING: {
    severity: 'error',
    title: 'A kubeconfig refers to an entry that it does not have',
    message: (a: { from: string; kind: string; name: string; known: readonly string[]; meant: string | undefined }) =>
      a.name === ''
        ? `${a.from} names no ${a.kind}.`
        : `${a.from} names the ${a.kind} “${a.name}”, which does not exist.`,
    hint: (a: { kind: string; known: readonly string[]; meant: string | undefined }) =>
      a.meant
        ? `did you mean ${a.meant}?`
        : a.known.length > 0
          ? `there is: ${a.known.join(', ')}.`
          : `add the ${a.kind}.`,
    explain:
      'client-go resolves current-context to a context, and that to a cluster and a user, by name. A dangling name ends the kubelet with “context was not found” or “cluster was not found”, or leaves it without credentials.',
  },
  KUBECONFIG_SERVER: {
    severity: 'error',
    title: 'A kubeconfig points to another api-server than the spec',
    message: (a: { server: string | undefined; expected: string; slip: string | undefined }) =>
      a.server === undefined
        ? `the cluster has no server; cluster.server is ${a.expected}.`
        : `the server is ${a.server}, but cluster.server is ${a.expected}${a.slip ? `: ${a.slip}` : ''}.`,
    hint: (a: { expected: string }) =>
      `write \`server: ${a.expected}\`, or mend cluster.server in the spec if the kubeconfig is right.`,
    explain:
      'The kubelet would look for its api-server in the wrong place and never register: connection refused, a timeout, or a certificate for another name. It comes of an ' +
      'administrator’s kubeconfig (127.0.0.1 or localhost, by a tunnel), a forgotten port 6443, http, or the files of another cluster.',
  },
  KUBECONFIG_CA: {
    severity: 'error',
    title: 'A kubeconfig trusts another CA than the cluster’s',
    message: (a: { fingerprint: string; count: number; file: string; expected: string }) =>
      a.count === 1
        ? `the embedded CA (SHA-256 ${a.fingerprint}…) is not the one of ${a.file} (SHA-256 ${a.expected}…).`
        : `the ${a.count} embedded CA certificates (the first: SHA-256 ${a.fingerprint}…) are not the one of ${a.file} (SHA-256 ${a.expected}…).`,
    hint: (a: { file: string }) =>
      `embed ${a.file}; if the kubeconfig is right, put its CA there and issue the workers’ certificates from it.`,
    explain:
      'The kubelet would refuse the api-server’s certificate (“certificate signed by unknown authority”) and never register. A CA that was made anew keeps its name, so the two look ' +
      'alike; the fingerprints tell them apart. On the node there is one CA file for both directions.',
  },
  KUBECONFIG_CA_MISSING: {
    severity: 'error',
    title: 'A kubeconfig has no CA',
    message: () => 'the cluster has neither certificate-authority-data nor certificate-authority.',
    hint: `embed the CA: ${embed}.`,
    explain:
      'Without a CA the kubelet verifies the api-server by the CAs of the operating system, which did not sign it.',
  },
  KUBECONFIG_CERTIFICATE: {
    severity: 'error',
    title: 'A kubeconfig holds another certificate than the worker’s',
    message: (a: {
      subject: string;
      fingerprint: string;
      owner: string;
      file: string;
      expected: string;
      sameSubject: boolean;
    }) =>
      a.sameSubject
        ? `the embedded certificate (SHA-256 ${a.fingerprint}…) is for ${a.subject}, but not the one of ${a.file} (SHA-256 ${a.expected}…).`
        : `the embedded certificate is for ${a.subject}, not for ${a.owner}, whose certificate is ${a.file}.`,
    hint: (a: { file: string; sameSubject: boolean }) =>
      a.sameSubject
        ? `one of the two was renewed without the other: embed ${a.file}; ${embed}.`
        : `embed ${a.file}: ${embed}.`,
    explain:
      'With another worker’s certificate the node authorizer takes this machine for that worker: it may not register its own Node (“is not allowed to modify node”), or the two fight over ' +
      'one. It comes of a loop over the workers with the wrong variable.',
  },
  KUBECONFIG_KEY: {
    severity: 'error',
    title: 'The key in a kubeconfig does not match its certificate',
    message: (a: { key: string; file: string; expected: string; whose: string | undefined }) =>
      `the embedded key (public key SHA-256 ${a.key}…) does not belong to ${a.file} (public key SHA-256 ${a.expected}…)${a.whose ? `, but to the embedded certificate of ${a.whose}` : ''}.`,
    hint: (a: { file: string }) => `embed the key of ${a.file}: ${embed}.`,
    explain:
      'The kubelet would exit with “tls: private key does not match public key”. It comes of another worker’s key, or of a certificate that was issued again for a new key.',
  },
  KUBECONFIG_KEY_UNUSABLE: {
    severity: 'error',
    title: 'The key in a kubeconfig cannot be used',
    message: (a: { reason: string }) => `the embedded key cannot be used: ${a.reason}.`,
    hint: `embed an unencrypted RSA or EC key as PEM: ${embed}.`,
    explain:
      'A kubelet has nobody to ask for a passphrase: it reads PKCS#1, SEC1 and PKCS#8 in PEM, unencrypted, and exits on anything else.',
  },
  KUBECONFIG_CREDENTIALS: {
    severity: 'error',
    title: 'A kubeconfig lacks the certificate or the key',
    message: (a: { user: string; missing: string }) => `the user “${a.user}” has ${a.missing}.`,
    hint: `embed the worker’s certificate and key: ${embed}.`,
    explain:
      'The kubelet would reach the api-server as system:anonymous, which may do nothing, or client-go would refuse a certificate without its key.',
  },
  KUBECONFIG_OTHER_CREDENTIALS: {
    severity: 'error',
    title: 'A kubeconfig authenticates by something else than the certificate',
    message: (a: { field: string; user: string }) =>
      `the user “${a.user}” has ${a.field}, but a worker is known by its certificate alone.`,
    hint: (a: { field: string }) =>
      `remove ${a.field}; if this is an administrator’s kubeconfig, put the worker’s in its place.`,
    explain:
      'Every credential of the file would lie on the machine, and client-go refuses two ways to authenticate at once. With a token, a password or impersonation the node is not the node that its ' +
      'certificate names, so the node authorizer refuses it, or, with an administrator’s, does not restrict it.',
  },
  KUBECONFIG_EXEC: {
    severity: 'error',
    title: 'A kubeconfig runs a command for its credentials',
    message: (a: { user: string; command: string }) =>
      `the user “${a.user}” gets its credentials by running ${a.command}.`,
    hint: 'remove exec, and embed the worker’s certificate and key.',
    explain:
      'The kubelet would run the plugin of an administrator’s machine (aws, gke-gcloud-auth-plugin, kubelogin) as root on a machine that does not have it.',
  },
  KUBECONFIG_INSECURE: {
    severity: 'error',
    title: 'A kubeconfig does not verify the api-server',
    message: () => 'insecure-skip-tls-verify is true: whoever answers at the address is taken for the api-server.',
    hint: 'remove it, and embed the CA.',
    explain:
      'Whoever stands in between could give the kubelet any pod to run as root. With a CA beside it client-go refuses the file (“specifying a root certificates file with the insecure flag is not allowed”).',
  },
  KUBECONFIG_PATH: {
    severity: 'error',
    title: 'A kubeconfig names a file that the node will not have',
    message: (a: { field: string; file: string; expected: string | undefined }) =>
      `${a.field} names ${a.file}, which the node will not have${a.expected ? `; there it is ${a.expected}` : ''}.`,
    hint: (a: { field: string; expected: string | undefined }) =>
      `${a.expected ? `write \`${a.field}: ${a.expected}\`` : `remove ${a.field}`}, or embed the file: ${embed}.`,
    explain:
      'The kubelet would exit with “unable to read client-cert” or “no such file or directory”. A relative path is relative to the kubeconfig’s own folder; a path of the machine where the PKI was made means nothing on the node.',
  },
  KUBECONFIG_BOTH: {
    severity: 'error',
    title: 'A kubeconfig both embeds and names a file',
    message: (a: { field: string }) => `${a.field}-data and ${a.field} are both set.`,
    hint: (a: { field: string }) => `keep one of the two: ${a.field}-data, which needs no other file.`,
    explain:
      'client-go refuses the pair (“are both specified”), since the data would override the file in silence. It comes of `kubectl config set-cluster` or `set-credentials` without --embed-certs on a file that embeds already.',
  },
  KUBECONFIG_BASE64: {
    severity: 'error',
    title: 'Embedded data is not PEM in base64',
    message: (a: { field: string; what: string; reason: string }) =>
      `${a.field} is not ${a.what} in base64: ${a.reason}.`,
    hint: 'encode the PEM file once, in one line: `base64 -w0 FILE`.',
    explain:
      'The kubelet would exit with “illegal base64 data” or “failed to find any PEM data”. The PEM text is itself base64 between its BEGIN and END lines, so it is easily pasted without encoding, or encoded twice.',
  },
  KUBECONFIG_PROXY: {
    severity: 'error',
    title: 'A kubeconfig’s proxy-url is no proxy',
    message: (a: { value: string; reason: string }) => `proxy-url cannot be “${a.value}”: ${a.reason}.`,
    hint: 'write for example `proxy-url: http://proxy.example.com:3128`, or remove it.',
    explain: 'client-go accepts http, https and socks5 proxies and refuses the file for anything else.',
  },
  KUBECONFIG_TLS_SERVER_NAME: {
    severity: 'error',
    title: 'A kubeconfig’s tls-server-name is no name',
    message: (a: { value: string }) =>
      `tls-server-name cannot be “${a.value}”: it is a DNS name or an IP address of the api-server’s certificate, without scheme and port.`,
    hint: 'write for example `tls-server-name: kubernetes`, or remove it.',
    explain:
      'The name is compared with the names in the api-server’s certificate; a URL or a port never matches, so the kubelet would refuse the api-server.',
  },
} satisfies Entries;
