import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { makeCa } from '../support/pki.ts';
import { base64, editKubeconfig, file } from './edit.ts';

const cases: readonly (readonly [string, (cluster: TestCluster) => void | Promise<void>])[] = [
  ['nothing changed', () => {}],
  ['no kubeconfig', c => c.remove(file)],
  [
    'a trailing slash',
    c => editKubeconfig(c, ({ cluster }) => Object.assign(cluster, { server: `${cluster.server}/` })),
  ],
  [
    'everything by the node’s paths',
    c =>
      editKubeconfig(c, ({ root }) => {
        root.clusters[0].cluster = {
          server: root.clusters[0].cluster.server,
          'certificate-authority': '/var/lib/kubernetes/ca.pem',
        };
        root.users[0].user = {
          'client-certificate': '/var/lib/kubelet/kubelet.pem',
          'client-key': '/var/lib/kubelet/kubelet-key.pem',
        };
      }),
  ],
  [
    'the old CA beside the new one',
    async c => {
      const other = await makeCa();
      editKubeconfig(c, ({ cluster }) =>
        Object.assign(cluster, { 'certificate-authority-data': base64(other.certificate + c.read('pki/ca.pem')) }),
      );
    },
  ],
  [
    'the key in SEC1',
    c => {
      const key = createPrivateKey(c.read('pki/worker-0-key.pem')).export({ format: 'pem', type: 'sec1' }) as string;
      editKubeconfig(c, ({ user }) => Object.assign(user, { 'client-key-data': base64(key) }));
    },
  ],
  [
    'base64 in lines, as a block',
    c =>
      editKubeconfig(c, ({ user }) =>
        Object.assign(user, { 'client-key-data': `${user['client-key-data'].replace(/.{64}/g, '$&\n')}\n` }),
      ),
  ],
  [
    'a proxy and a name',
    c =>
      editKubeconfig(c, ({ cluster }) =>
        Object.assign(cluster, { 'proxy-url': 'socks5://proxy:1080', 'tls-server-name': 'kubernetes.default.svc' }),
      ),
  ],
  [
    'other contexts beside the current one',
    c =>
      editKubeconfig(c, ({ root }) => {
        root.clusters.push({ name: 'other', cluster: { server: 'https://elsewhere' } });
        root.users.push({ name: 'other', user: { token: 'x' } });
        root.contexts.push({ name: 'other', context: { cluster: 'other', user: 'other' } });
      }),
  ],
];

test.each(cases)('accepts %s', async (_, change) => {
  const cluster = await makeCluster();
  await change(cluster);
  const { code, json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics).toEqual([]);
  expect(code).toBe(0);
});
