import { expect, test } from 'vitest';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;
const cloudInit = (own: object) => (cluster: TestCluster) =>
  cluster.spec(spec => {
    spec.cloudInit = own;
  });

for (const [title, own] of [
  ['text for a boolean', { package_upgrade: 'yes' }],
  ['a number for text', { timezone: 0 }],
  ['one mount without its list', { mounts: '/dev/sdb' }],
  ['no mount at all', { mounts: [] }],
  ['YAML that reads off as false', { growpart: false }],
  ['a list for a map', { apt: ['proxy'] }],
  ['an empty map', { ssh: {} }],
  ['nothing behind the colon', { rsyslog: null }],
] as const) {
  provokes('USER_DATA_SHAPE', title, cloudInit(own), { only });
}

for (const [title, own] of [
  ['an entry that says nothing', { users: [null] }],
  ['a user without a name', { users: ['default', { shell: '/bin/sh' }] }],
  ['one key without its list', { users: [{ name: 'me', ssh_authorized_keys: 'ssh-ed25519 AAAA' }] }],
  ['yes in quotes', { users: [{ name: 'me', lock_passwd: 'yes' }] }],
  ['sudo as a list, which 22.4 does not know', { users: [{ name: 'me', sudo: ['ALL=(ALL) ALL'] }] }],
  ['a version that YAML reads as a number', { packages: [['jq', 1.7]] }],
  ['a package manager, which 22.4 does not know', { packages: [{ snap: ['jq'] }] }],
] as const) {
  provokes('USER_DATA_SHAPE', title, cloudInit(own), { only });
}
provokes(
  'USER_DATA_KEY_UNKNOWN',
  'a field of a user misspelt',
  cloudInit({ users: [{ name: 'me', shel: '/bin/sh' }] }),
  { only },
);

test('a value of the right type is not spoken of', async () => {
  const cluster = await makeCluster();
  const own = {
    users: [
      'default',
      { name: 'me', sudo: 'ALL=(ALL) ALL', uid: 1001, groups: ['adm'], ssh_authorized_keys: ['ssh-ed25519 AAAA me'] },
    ],
    packages: ['jq', ['curl', '8.5.0']],
    timezone: 'UTC',
    mounts: [['/dev/sdb', '/data']],
    growpart: { mode: 'off' },
    ntp: null,
    fs_setup: [],
    ssh_genkeytypes: ['ed25519'],
  };
  cloudInit(own)(cluster);
  const { json } = await run(cluster, 'check', '--json');
  expect(json.diagnostics ?? []).toEqual([]);
});

const hidden = 'hunter2';
provokes(
  'USER_DATA_CREDENTIAL',
  'a password in the proxy’s URL',
  c =>
    c.spec(spec => {
      spec.node = { proxy: { https: `http://me:${hidden}@proxy:3128`, noProxy: ['10.0.0.0/8'] } };
    }),
  { only },
);

test('a password in a URL is not printed', async () => {
  const cluster = await makeCluster();
  cluster.spec(spec => {
    spec.registries = {
      'docker.io': { mirrors: [`https://me:${hidden}@mirror.example.com`, `http://me:${hidden}@mirror.example.com`] },
    };
    spec.aws.endpoint = `https://me:${hidden}@s3.example.com`;
  });
  const { json, out, err } = await run(cluster, 'check', '--json');
  expect(json.diagnostics.filter((one: { code: string }) => one.code === 'USER_DATA_CREDENTIAL')).toHaveLength(3);
  expect(out + err).not.toContain(hidden);
});
