import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeCluster, run } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';
import { base64, editKubeconfig, file } from './edit.ts';

const only = true;

describe('a certificate’s file that is another’s', () => {
  test.each([
    ['swapped', ['pki/worker-1.pem']],
    ['a CA first', ['pki/ca.pem', 'pki/worker-0.pem']],
  ])('%s: the kubeconfig that is right is not blamed', async (_, files) => {
    const cluster = await makeCluster();
    cluster.write('pki/worker-0.pem', files.map(cluster.read).join(''));
    const { json } = await run(cluster, 'check', '--json');
    const codes = json.diagnostics.map((one: any) => one.code);
    expect(codes).toContain('PKI_SUBJECT_CN');
    expect(codes.filter((code: string) => code.startsWith('KUBECONFIG_'))).toEqual([]);
  });
  test('nor where its key’s file is swapped, too', async () => {
    const cluster = await makeCluster();
    for (const end of ['.pem', '-key.pem']) cluster.write(`pki/worker-0${end}`, cluster.read(`pki/worker-1${end}`));
    const { json } = await run(cluster, 'check', '--json');
    expect(json.diagnostics.filter((one: any) => one.code.startsWith('KUBECONFIG_'))).toEqual([]);
  });
});

describe('credentials', () => {
  provokes(
    'KUBECONFIG_CERTIFICATE',
    'another worker’s certificate',
    c => {
      editKubeconfig(c, ({ user }) =>
        Object.assign(user, { 'client-certificate-data': base64(c.read('pki/worker-1.pem')) }),
      );
    },
    { only },
  );
  provokes(
    'KUBECONFIG_CERTIFICATE',
    'the certificate before it was renewed',
    async c => {
      const old = c.read(file);
      const { keys } = c.identities['worker-0'];
      await c.issue({ keys });
      c.write(file, old);
    },
    { only },
  );
  provokes(
    'KUBECONFIG_KEY',
    'another worker’s key',
    c => {
      editKubeconfig(c, ({ user }) =>
        Object.assign(user, { 'client-key-data': base64(c.read('pki/worker-1-key.pem')) }),
      );
    },
    { only },
  );
  provokes(
    'KUBECONFIG_KEY_UNUSABLE',
    'the key is encrypted',
    c => {
      const key = createPrivateKey(c.read('pki/worker-0-key.pem')).export({
        format: 'pem',
        type: 'pkcs8',
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      });
      editKubeconfig(c, ({ user }) => Object.assign(user, { 'client-key-data': base64(key as string) }));
    },
    { only },
  );
  provokes(
    'KUBECONFIG_CREDENTIALS',
    'neither certificate nor key',
    c => editKubeconfig(c, ({ root }) => Object.assign(root.users[0], { user: {} })),
    { only },
  );
  provokes('KUBECONFIG_CREDENTIALS', 'no key', c => editKubeconfig(c, ({ user }) => delete user['client-key-data']), {
    only,
  });
  provokes(
    'KUBECONFIG_OTHER_CREDENTIALS',
    'a token beside the certificate',
    c => editKubeconfig(c, ({ user }) => Object.assign(user, { token: 'abc' })),
    { only },
  );
  provokes(
    'KUBECONFIG_OTHER_CREDENTIALS',
    'impersonation',
    c => editKubeconfig(c, ({ user }) => Object.assign(user, { as: 'admin' })),
    { only },
  );
  provokes(
    'KUBECONFIG_EXEC',
    'an exec plugin',
    c => {
      editKubeconfig(c, ({ root }) =>
        Object.assign(root.users[0], {
          user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws' } },
        }),
      );
    },
    { only },
  );
});

describe('data and paths', () => {
  provokes(
    'KUBECONFIG_PATH',
    'a path of the machine where it was made',
    c => {
      editKubeconfig(c, ({ cluster }) => {
        delete cluster['certificate-authority-data'];
        cluster['certificate-authority'] = '/home/admin/pki/ca.pem';
      });
    },
    { only },
  );
  provokes(
    'KUBECONFIG_PATH',
    'certificate and key trade places',
    c => {
      editKubeconfig(c, ({ root }) =>
        Object.assign(root.users[0], {
          user: {
            'client-certificate': '/var/lib/kubelet/kubelet-key.pem',
            'client-key': '/var/lib/kubelet/kubelet.pem',
          },
        }),
      );
    },
    { only },
  );
  provokes(
    'KUBECONFIG_BOTH',
    'embedded and by path',
    c => editKubeconfig(c, ({ user }) => Object.assign(user, { 'client-key': '/var/lib/kubelet/kubelet-key.pem' })),
    { only },
  );
  const data = (
    title: string,
    field: 'certificate-authority-data' | 'client-certificate-data' | 'client-key-data',
    change: (data: string) => string,
  ) =>
    provokes(
      'KUBECONFIG_BASE64',
      title,
      c =>
        editKubeconfig(c, ({ cluster, user }) => {
          const holder = field === 'certificate-authority-data' ? cluster : user;
          holder[field] = change(holder[field]);
        }),
      { only },
    );
  data('PEM that was not encoded', 'client-certificate-data', text => Buffer.from(text, 'base64').toString());
  data('encoded twice', 'client-key-data', text => base64(text));
  data('joined with blanks', 'certificate-authority-data', text => text.replace(/.{76}/g, '$& '));
  data('cut off', 'certificate-authority-data', text => text.slice(0, -3));
  data('URL-safe', 'certificate-authority-data', text => `${text.slice(0, -4)}_-A=`);
  data('DER', 'certificate-authority-data', text =>
    Buffer.from(text, 'base64')
      .toString()
      .replace(/-----.*-----|\n/g, ''),
  );
  data('a key in the certificate’s place', 'client-certificate-data', () =>
    base64('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
  );
  data('no certificate inside', 'client-certificate-data', () =>
    base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  );
  data('nothing that is PEM', 'client-key-data', () => base64('hello, world'));
});

describe('kube-proxy’s own', () => {
  provokes(
    'KUBECONFIG_SERVER',
    'kube-proxy’s kubeconfig has another server',
    async c => {
      c.spec(spec => {
        spec.components = ['containerd', 'kubelet', 'kube-proxy'];
      });
      await c.issue({ name: 'kube-proxy', cn: 'system:kube-proxy', o: ['system:node-proxier'] });
      editKubeconfig(
        c,
        ({ cluster }) => Object.assign(cluster, { server: 'https://10.0.1.99:6443' }),
        'pki/kube-proxy.kubeconfig',
      );
    },
    { at: 'pki/kube-proxy.kubeconfig' },
  );
});
