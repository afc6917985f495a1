import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Code } from '../../src/diagnostics/codes.ts';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;
const cloudInit = (own: unknown) => (cluster: TestCluster) =>
  cluster.spec(spec => Object.assign(spec, { cloudInit: own }));

/** Text that does not compress: a chain of hashes, the same each time. */
function incompressible(size: number): string {
  let block = 'firstboot';
  let text = '';
  while (text.length < size) {
    block = createHash('sha256').update(block).digest('base64');
    text += block;
  }
  return text.slice(0, size);
}

/** A component of the user's own with one file at /etc/own/file. */
function ownComponent(cluster: TestCluster, content: string): void {
  cluster.write('bundles/own/bundle.yaml', 'requires: []\n');
  cluster.write('bundles/own/files/etc/own/file', content);
  cluster.spec(spec => spec.components.push('own'));
}

describe('size', () => {
  provokes('USER_DATA_TOO_LARGE', 'a command of 20 KB', cloudInit({ bootcmd: [['echo', incompressible(20_000)]] }), {
    command: 'build',
    only,
  });
  provokes('USER_DATA_OVERFLOW', 'a file of 20 KB', cluster => ownComponent(cluster, incompressible(20_000)), {
    command: 'build',
    only,
  });
});

describe('keys', () => {
  for (const key of [
    'hostname',
    'fqdn',
    'datasource_list',
    'cloud_init_modules',
    'merge_how',
    'system_info',
    'launch-index',
  ])
    provokes('USER_DATA_KEY_OURS', key, cloudInit({ [key]: 'other' }), { at: 'cluster.yaml', only });
  provokes('USER_DATA_KEY_OURS', 'the hostname is kept', cloudInit({ preserve_hostname: true }), { only });
  provokes('USER_DATA_POWER_STATE', 'a reboot at the end', cloudInit({ power_state: { mode: 'reboot' } }), { only });
  provokes('USER_DATA_METADATA_BLOCKED', 'no metadata', cloudInit({ disable_ec2_metadata: true }), { only });
  provokes('USER_DATA_KEY_UNKNOWN', 'a slip of the pen', cloudInit({ run_cmd: [['true']] }), { only });
  provokes('USER_DATA_DEPRECATED', 'apt_update', cloudInit({ apt_update: false }), { only });
  provokes('USER_DATA_DEPRECATED', 'a boolean as text', cloudInit({ ssh_pwauth: 'no' }), { only });
  provokes('USER_DATA_DEPRECATED', 'dashes', cloudInit({ users: ['default', { name: 'ops', 'lock-passwd': true }] }), {
    only,
  });
  provokes('USER_DATA_DEPRECATED', 'ca-certs', cloudInit({ 'ca-certs': { trusted: [] } }), { only });
});

describe('commands', () => {
  provokes('USER_DATA_SHAPE', 'runcmd is text', cloudInit({ runcmd: 'true' }), { only });
  provokes('USER_DATA_SHAPE', 'bootcmd is null', cloudInit({ bootcmd: null }), { only });
  provokes('USER_DATA_COMMANDS_EMPTY', 'no command', cloudInit({ runcmd: [] }), { only });
  provokes('USER_DATA_COMMAND_NUMBER', 'a port', cloudInit({ runcmd: [['nc', '-l', 8080]] }), { only });
  provokes('USER_DATA_COMMAND_NUMBER', 'an empty item', cloudInit({ bootcmd: [null] }), { only });
  provokes(
    'USER_DATA_COMMAND_MAP',
    'a colon',
    cluster => cluster.edit('cluster.yaml', text => `${text}cloudInit:\n  runcmd:\n    - echo a: b\n`),
    { only },
  );
  provokes('USER_DATA_COMMAND_MAP', 'a map among arguments', cloudInit({ runcmd: [['echo', { a: 'b' }]] }), { only });
});

describe('files', () => {
  const files = (...entries: readonly unknown[]) => cloudInit({ write_files: entries });
  provokes('USER_DATA_SHAPE', 'no list', cloudInit({ write_files: { path: '/etc/motd' } }), { only });
  provokes('USER_DATA_SHAPE', 'no path', files({ content: 'x' }), { only });
  provokes('USER_DATA_SHAPE', 'a relative path', files({ path: 'etc/motd' }), { only });
  provokes('USER_DATA_SHAPE', 'a field that nobody knows', files({ path: '/etc/motd', contents: 'x' }), { only });
  provokes('USER_DATA_SHAPE', 'the content is a number', files({ path: '/etc/motd', content: 1 }), { only });
  provokes('USER_DATA_FILE_MODE', 'a number', files({ path: '/etc/motd', permissions: 644 }), { only });
  provokes('USER_DATA_FILE_MODE', 'not octal', files({ path: '/etc/motd', permissions: 'rw-r--r--' }), { only });
  provokes(
    'USER_DATA_FILE_SOURCE',
    'a URL',
    files({ path: '/etc/motd', source: { uri: 'https://example.com/motd' } }),
    { only },
  );
  for (const path of [
    '/var/lib/kubelet/kubelet-config.yaml',
    '/var/lib/kubelet/../kubelet//kubelet-config.yaml',
    '/var/lib/firstboot/manifest.json',
    '/usr/local/lib/firstboot/__main__.py',
    '/etc/systemd/system/firstboot.service',
    '/usr/local/bin/kubelet',
    '/var/lib/kubelet',
  ])
    provokes('USER_DATA_FILE_OURS', path, files({ path, content: 'x' }), { only });
});

describe('values', () => {
  provokes('USER_DATA_USERS_EMPTY', 'nobody', cloudInit({ users: [] }), { only });
  provokes('USER_DATA_SHAPE', 'users is text', cloudInit({ users: 'default' }), { only });
  provokes('USER_DATA_SHAPE', 'packages is a map', cloudInit({ packages: { jq: 1 } }), { only });
  provokes('USER_DATA_SHAPE', 'packages is empty', cloudInit({ packages: [] }), { only });
  provokes('USER_DATA_LOCALE', 'false', cloudInit({ locale: false }), { only });
  provokes('USER_DATA_SWAP', 'a swap file', cloudInit({ swap: { filename: '/swap', size: 1e9 } }), { only });
  provokes('USER_DATA_SWAP', 'a mount', cloudInit({ mounts: [['/dev/xvdb', 'none', 'swap', 'sw', '0', '0']] }), {
    only,
  });
  provokes('USER_DATA_WEAKER', 'passwords over SSH', cloudInit({ ssh_pwauth: true }), { only });
  provokes('USER_DATA_WEAKER', 'a reboot', cloudInit({ package_reboot_if_required: true }), { only });
  provokes('USER_DATA_JINJA', 'a template', cloudInit({ runcmd: ['echo {{ v1.instance_id }}'] }), { only });
});

/** Made here, so that no text of this file looks like a credential. */
const made = (prefix: string, length: number) => `${prefix}${'g1H2k3M4'.repeat(16).slice(0, length)}`;
const credentials: readonly (readonly [string, string])[] = [
  ['an AWS access key ID', `AKIA${'A1B2C3D4'.repeat(2)}`],
  ['an AWS secret access key', `aws_secret_access_key = ${made('', 40)}`],
  ['a GitHub token', made('ghp_', 36)],
  ['a fine-grained GitHub token', made('github_pat_', 40)],
  ['a GitLab token', made('glpat-', 20)],
  ['a Slack token', made('xoxb-', 24)],
  ['a JSON web token', `Bearer ${made('eyJ', 20)}.${made('eyJ', 20)}.${made('', 20)}`],
  ['a password hash', `${'$'}6$${made('', 16)}$${made('', 80)}`],
  ['a URL with a password', `https://ops:${made('', 12)}@example.com/`],
  ['an assignment', `DB_PASSWORD=${made('', 12)}`],
  ['a YAML value', `token: ${made('', 12)}`],
];

describe('credentials', () => {
  for (const [title, text] of credentials) {
    provokes('USER_DATA_CREDENTIAL', `${title} in a file`, cluster => ownComponent(cluster, `# own\n${text}\n`), {
      at: 'bundles/own/files/etc/own/file:2',
      only,
    });
    provokes('USER_DATA_CREDENTIAL', `${title} in a command`, cloudInit({ runcmd: [text] }), {
      at: 'cluster.yaml',
      only,
    });
  }
  provokes(
    'USER_DATA_CREDENTIAL',
    'a user’s password',
    cloudInit({ users: ['default', { name: 'ops', plain_text_passwd: 'abc' }] }),
    { only },
  );
  provokes(
    'USER_DATA_CREDENTIAL',
    'in base64',
    cloudInit({ write_files: [{ path: '/etc/own', encoding: 'b64', content: base64(`x=${made('ghp_', 36)}`) }] }),
    { only },
  );
});

describe('private keys', () => {
  const key = (cluster: TestCluster) => cluster.identities['worker-0'].key;
  provokes('USER_DATA_SECRET', 'PEM in a file', cluster => ownComponent(cluster, `# own\n${key(cluster)}`), {
    at: 'bundles/own/files/etc/own/file:2:1',
    only,
  });
  provokes(
    'USER_DATA_SECRET',
    'client-key-data',
    cluster => ownComponent(cluster, `client-key-data: ${base64(key(cluster))}\n`),
    { only },
  );
  provokes(
    'USER_DATA_SECRET',
    'PEM in cloudInit',
    cluster => cloudInit({ write_files: [{ path: '/etc/own', content: key(cluster) }] })(cluster),
    { only },
  );
  provokes('USER_DATA_SECRET', 'in JSON', cluster => ownComponent(cluster, JSON.stringify({ key: key(cluster) })), {
    only,
  });
  provokes(
    'USER_DATA_SECRET',
    'base64 in cloudInit',
    cluster =>
      cloudInit({ write_files: [{ path: '/etc/own', encoding: 'b64', content: base64(key(cluster)) }] })(cluster),
    { only },
  );

  test('no value is printed', async () => {
    const cluster = await makeCluster();
    ownComponent(cluster, credentials.map(([, text]) => text).join('\n'));
    cloudInit({
      runcmd: [`curl -u ops:${made('', 30)} -H X: y`],
      password: made('', 30),
      power_state: made('ghp_', 36),
    })(cluster);
    const { out } = await run(cluster, 'check', '--json');
    expect(out).toContain('USER_DATA_CREDENTIAL');
    expect(out).not.toContain('g1H2k3M4');
    expect(out).not.toContain('A1B2C3D4');
  });
});

describe('nothing is reported of', () => {
  const codesOf = async (change: (cluster: TestCluster) => void): Promise<readonly Code[]> => {
    const cluster = await makeCluster();
    change(cluster);
    return (await run(cluster, 'check', '--json')).json.diagnostics.map((one: { code: Code }) => one.code);
  };
  test.each([
    'passwd:         files systemd',
    'TOKEN=$(cat /run/token)',
    'token="$' + '{TOKEN}"',
    'password = getpass()',
    'tokenFile: /var/run/secrets/token',
    'password: <your password>',
    'ops ALL=(ALL) NOPASSWD: ALL',
    'secret: {name: registry}',
    "grep -q -- '-----BEGIN PRIVATE KEY-----' file",
    'https://example.com:8443/path@v1',
    'http://[::1]:8080/',
    'password: ""',
    'password  [success=1 default=ignore]  pam_unix.so obscure',
  ])('a file with %s', async text => {
    expect(await codesOf(cluster => ownComponent(cluster, `${text}\n`))).toEqual([]);
  });
  test('a binary file', async () => {
    expect(await codesOf(cluster => ownComponent(cluster, `\0${made('ghp_', 36)}`))).toEqual([]);
  });
  test('a large file that looks like the beginning of everything', async () => {
    const text = 'password secret token://a:eyJ -----BEGIN LS0tLS1CRUdJTi '.repeat(10_000);
    expect(await codesOf(cluster => ownComponent(cluster, text))).toEqual([]);
  });
  test('cloud-config of every kind that is fine', async () => {
    const own = {
      timezone: 'Etc/UTC',
      users: [
        'default',
        { name: 'ops', lock_passwd: true, passwd: '!', ssh_authorized_keys: ['ssh-ed25519 AAAA ops'] },
      ],
      write_files: [{ path: '/etc/motd', content: 'hello {{ name }}\n', permissions: '0644', owner: 'root:root' }],
      runcmd: ['echo hello', ['touch', '/var/lib/example'], null],
      packages: ['jq'],
      swap: { size: 0 },
      preserve_hostname: false,
      disable_ec2_metadata: false,
      manage_etc_hosts: true,
    };
    expect(await codesOf(cloudInit(own))).toEqual([]);
  });
  test('swap where the kubelet takes it', async () => {
    expect(
      await codesOf(cluster =>
        cluster.spec(spec => {
          spec.cloudInit = { swap: { size: 1e9 } };
          spec.kubelet = { config: { failSwapOn: false } };
        }),
      ),
    ).not.toContain('USER_DATA_SWAP');
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
