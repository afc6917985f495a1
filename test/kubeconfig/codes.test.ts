import { describe } from 'vitest';
import { makeCa } from '../support/pki.ts';
import { provokes } from '../support/provoke.ts';
import { base64, editKubeconfig, file } from './edit.ts';

const only = true;

describe('the file', () => {
  provokes('KUBECONFIG_UNREADABLE', 'it has a NUL byte', c => c.edit(file, text => text.replace('v1', 'v\0')), {
    at: file,
    only,
  });
  provokes(
    'KUBECONFIG_UNREADABLE',
    'it is UTF-16',
    c => c.write(file, Buffer.from(`\ufeff${c.read(file)}`, 'utf16le')),
    { only },
  );
  provokes('KUBECONFIG_SYNTAX', 'it is no YAML', c => c.edit(file, text => text.replace('clusters:', 'clusters: [')), {
    at: file,
    only,
  });
  provokes('KUBECONFIG_SYNTAX', 'two files were joined', c => c.edit(file, text => `${text}---\n${text}`), {
    at: `${file}:19`,
    only,
  });
  provokes('KUBECONFIG_SYNTAX', 'a key stands twice', c => c.edit(file, text => `${text}kind: Config\n`), {
    at: `${file}:19:1`,
    only,
  });
  provokes('KUBECONFIG_SYNTAX', 'its aliases fill the memory', c => c.write(file, bomb()), { at: `${file}:1`, only });
  provokes(
    'KUBECONFIG_NOT_KUBECONFIG',
    'it is of another kind',
    c => c.edit(file, text => text.replace('kind: Config', 'kind: KubeletConfiguration')),
    { at: `${file}:2:7`, only },
  );
  provokes('KUBECONFIG_NOT_KUBECONFIG', 'it is empty', c => c.write(file, ''), { at: file, only });
  provokes('KUBECONFIG_NOT_KUBECONFIG', 'it is a certificate', c => c.write(file, c.read('pki/worker-0.pem')), {
    at: file,
  });
  provokes(
    'KUBECONFIG_TYPE',
    'a name is a number',
    c => c.edit(file, text => text.replace('current-context: default', 'current-context: 1')),
    { at: `${file}:18:18`, only },
  );
  provokes(
    'KUBECONFIG_TYPE',
    'clusters is a map',
    c => editKubeconfig(c, ({ root, cluster }) => Object.assign(root, { clusters: { 'from-scratch': cluster } })),
    { only },
  );
  provokes(
    'KUBECONFIG_UNKNOWN_FIELD',
    'a field is misspelt',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'tls-servername': 'kubernetes' })),
    { only },
  );
  provokes(
    'KUBECONFIG_UNKNOWN_FIELD',
    'a field is misspelt, strictly',
    c => editKubeconfig(c, ({ root }) => Object.assign(root, { user: [] })),
    { only, args: ['--strict'] },
  );
});

describe('its names', () => {
  provokes(
    'KUBECONFIG_DUPLICATE_NAME',
    'two clusters have one name',
    c => editKubeconfig(c, ({ root }) => root.clusters.push({ ...root.clusters[0] })),
    { only },
  );
  provokes(
    'KUBECONFIG_NO_CONTEXT',
    'there is no current-context',
    c => editKubeconfig(c, ({ root }) => delete root['current-context']),
    { at: file, only },
  );
  provokes(
    'KUBECONFIG_NO_CONTEXT',
    'current-context is empty',
    c => c.edit(file, text => text.replace('current-context: default', 'current-context: ""')),
    { at: `${file}:18`, only },
  );
  provokes(
    'KUBECONFIG_DANGLING',
    'current-context names no context',
    c => editKubeconfig(c, ({ root }) => Object.assign(root, { 'current-context': 'defualt' })),
    { only },
  );
  provokes(
    'KUBECONFIG_DANGLING',
    'the context names no cluster',
    c => editKubeconfig(c, ({ context }) => Object.assign(context, { cluster: 'kubernetes' })),
    { only },
  );
  provokes(
    'KUBECONFIG_DANGLING',
    'the context names no user',
    c => editKubeconfig(c, ({ context }) => delete context.user),
    { only },
  );
});

describe('the api-server', () => {
  const server = (value: string | undefined) => (c: Parameters<typeof editKubeconfig>[0]) =>
    editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { server: value }));
  provokes('KUBECONFIG_SERVER', 'another address', server('https://10.0.1.11:6443'), { at: `${file}:7:15`, only });
  provokes('KUBECONFIG_SERVER', 'no port', server('https://10.0.1.10'), { only });
  provokes('KUBECONFIG_SERVER', 'http', server('http://10.0.1.10:6443'), { only });
  provokes('KUBECONFIG_SERVER', 'localhost', server('https://127.0.0.1:6443'), { only });
  provokes('KUBECONFIG_SERVER', 'no scheme', server('10.0.1.10:6443'), { only });
  provokes('KUBECONFIG_SERVER', 'no server', server(undefined), { only });
  provokes(
    'KUBECONFIG_PROXY',
    'the proxy is no URL',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'proxy-url': 'proxy' })),
    { only },
  );
  for (const proxy of ['http://user:abc@proxy:3128', 'socks5://user:abc@proxy:1080'])
    provokes(
      'USER_DATA_CREDENTIAL',
      `the proxy has a password, ${proxy.split(':')[0]}`,
      c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'proxy-url': proxy })),
      { at: file, only },
    );
  provokes(
    'KUBECONFIG_PROXY',
    'the proxy has another scheme',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'proxy-url': 'ftp://proxy:21' })),
    { only },
  );
  provokes(
    'KUBECONFIG_TLS_SERVER_NAME',
    'it is a URL',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'tls-server-name': 'https://kubernetes' })),
    { only },
  );
  provokes(
    'KUBECONFIG_TLS_SERVER_NAME',
    'it has a port',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'tls-server-name': 'kubernetes:6443' })),
    { only },
  );
});

describe('trust', () => {
  provokes(
    'KUBECONFIG_CA',
    'a CA of the same name with another key',
    async c => {
      const other = await makeCa();
      editKubeconfig(c, ({ cluster }) =>
        Object.assign(cluster, { 'certificate-authority-data': base64(other.certificate) }),
      );
    },
    { only },
  );
  provokes(
    'KUBECONFIG_CA_MISSING',
    'no CA at all',
    c => editKubeconfig(c, ({ cluster }) => delete cluster['certificate-authority-data']),
    { only },
  );
  provokes(
    'KUBECONFIG_INSECURE',
    'the api-server is not verified',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { 'insecure-skip-tls-verify': true })),
    { only },
  );
});

/** Nine levels of ten aliases each. */
function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, n) => `l${n + 1}: &l${n + 1} [${Array.from({ length: 10 }, () => `*l${n}`).join(', ')}]`,
  );
  return `kind: Config\nl0: &l0 x\n${levels.join('\n')}\n`;
}
