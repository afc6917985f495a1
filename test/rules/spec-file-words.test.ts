import { describe, expect, test } from 'vitest';
import { masked } from '../../src/tree/shown.ts';
import { makeCluster, run, type TestCluster } from '../support/cluster.ts';

const file = 'cluster.yaml';

describe('what a finding says', () => {
  const first = async (change: (cluster: TestCluster) => void, code: string) => {
    const cluster = await makeCluster();
    change(cluster);
    const { out, json } = await run(cluster, 'check', '--json');
    const all: readonly { code: string; message: string; hint: string; line?: number }[] = json.diagnostics;
    const plain = await run(cluster, 'check');
    return { out: out + plain.out + plain.err, all, of: all.filter(one => one.code === code) };
  };
  const bundle = (text: string) => (c: TestCluster) => {
    c.spec(spec => {
      spec.components = ['containerd', 'kubelet', 'own'];
    });
    c.write('bundles/own/bundle.yaml', text);
  };
  const key = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ');

  test.each<[string, (spec: any) => void]>([
    ['the server', spec => (spec.cluster.server = 'https://user:PWPW@10.0.1.10:6443/x?y=PWPW')],
    ['a proxy without scheme', spec => (spec.node = { proxy: { https: 'user:PWPW@proxy:3128' } })],
    ['a proxy of another scheme', spec => (spec.node = { proxy: { https: 'socks5://user:PW/PWPW@proxy:3128' } })],
    ['a mirror', spec => (spec.registries = { 'docker.io': { mirrors: ['ftp://user:PWPW@mirror'] } })],
    ['a plain mirror', spec => (spec.registries = { 'docker.io': { mirrors: ['http://user:PWPW@mirror/?t=PWPW'] } })],
    ['a registry', spec => (spec.registries = { 'user:PWPW@docker.io': { mirrors: [] } })],
    ['an unknown field', spec => (spec.node = { 'https://user:PWPW@proxy': 1 })],
    ['a private key', spec => (spec.workers['worker-0'].arch = `${key}\nPWPW\n`)],
    ['a private key in base64', spec => (spec.aws.subnet = Buffer.from(`${key}\nPWPW\n`).toString('base64'))],
  ])('no credential: %s', async (_, change) => {
    const { out, all } = await first(c => c.spec(change), '');
    expect(all).not.toHaveLength(0);
    expect(JSON.stringify(all) + out).not.toContain('PWPW');
    expect(JSON.stringify(all) + out).not.toContain(Buffer.from(`${key}\n`).toString('base64').slice(24, 36));
  });

  test.each<[string, string, (cluster: TestCluster) => void, RegExp, RegExp]>([
    [
      'a quoted version',
      'SPEC_VERSION',
      c => c.edit(file, text => text.replace('version: 1', 'version: "1"')),
      /the text “1”.*the number 1\./,
      /without quotes/,
    ],
    [
      'no bundle.yaml',
      'SPEC_FILE_UNREADABLE',
      c => {
        bundle('')(c);
        c.remove('bundles/own/bundle.yaml');
        c.write('bundles/own/files/etc/own', '');
      },
      /no such file/,
      /`\{\}` is enough/,
    ],
    ['no pins.yaml', 'SPEC_FILE_UNREADABLE', c => c.remove('pins.yaml'), /pins.yaml/, /firstboot pin/],
    ['an empty pins.yaml', 'SPEC_FILE_EMPTY', c => c.write('pins.yaml', ''), /pins.yaml/, /firstboot pin/],
    [
      'a version with a trailing zero',
      'SPEC_WRONG_TYPE',
      c => c.edit(file, text => text.replace('crictl: 1.36.0', 'crictl: 1.10')),
      /is the number 1\.10\./,
      /put it in quotes: "1\.10"/,
    ],
    ['an octal mode', 'SPEC_WRONG_TYPE', bundle('modes: {/etc/own: 0644}\n'), /is the number 0644\./, /"0644"/],
    ['a list', 'SPEC_WRONG_TYPE', c => c.spec(spec => (spec.components = 'kubelet')), /a list/, /`\[value\]`/],
    ['null', 'SPEC_WRONG_TYPE', c => c.spec(spec => (spec.node = null)), /is null/, /remove the key/],
    [
      'an architecture',
      'SPEC_INVALID_VALUE',
      c => c.spec(spec => (spec.workers['worker-0'].arch = 'x86_64')),
      /x86_64/,
      /write amd64\./,
    ],
    [
      'another',
      'SPEC_INVALID_VALUE',
      c => c.spec(spec => (spec.workers['worker-0'].arch = 'aarch64')),
      /aarch64/,
      /write arm64\./,
    ],
    [
      'an effect',
      'SPEC_INVALID_VALUE',
      c => c.spec(spec => (spec.kubelet = { taints: [{ key: 'a', effect: 'NoSchedul' }] })),
      /NoSchedul”/,
      /write NoSchedule\./,
    ],
    [
      'a release',
      'SPEC_INVALID_VALUE',
      c => c.spec(spec => (spec.versions.kubernetes = 'v1.36.1')),
      /v1\.36\.1/,
      /write 1\.36\.1\./,
    ],
    ['a unit', 'SPEC_INVALID_VALUE', bundle('units: [own]\n'), /own/, /section on bundle.yaml/],
    [
      'a merge key',
      'SPEC_YAML_ALIAS',
      c => c.edit(file, text => text.replace('workers:', 'workers:\n  <<: {}')),
      /merge key/,
      /write the value out/,
    ],
    [
      'a NUL byte',
      'SPEC_FILE_ENCODING',
      c => c.write(file, 'version: 1\ncluster: \0\n'),
      /\(line 2, column 10\)/,
      /UTF-8/,
    ],
    [
      'Latin 1',
      'SPEC_FILE_ENCODING',
      c => c.write(file, Buffer.from('cluster:\n  name: caf\xe9\n', 'latin1')),
      /\(line 2, column 12\)/,
      /UTF-8/,
    ],
  ])('%s', async (_, code, change, message, hint) => {
    const { of } = await first(change, code);
    expect(of[0]?.message).toMatch(message);
    expect(of[0]?.hint).toMatch(hint);
  });

  test('UTF-16 has no place', async () => {
    const { of } = await first(c => c.write(file, Buffer.from('\ufeffa: 1\n', 'utf16le')), 'SPEC_FILE_ENCODING');
    expect(of[0]?.message).not.toContain('line');
  });

  test('an empty bundle.yaml is one of defaults', async () => {
    for (const text of ['', '# later\n', '{}\n']) {
      const { all } = await first(bundle(text), '');
      expect(all.filter(one => one.code.startsWith('SPEC_'))).toEqual([]);
    }
  });

  test('of a tab nothing but tabs', async () => {
    const { all } = await first(c => c.edit(file, text => text.replaceAll('\n  ', '\n\t')), '');
    expect(new Set(all.map(one => one.code))).toEqual(new Set(['SPEC_YAML_TAB']));
  });

  test.each([101, 5000, 50_000])('%i nested maps are too deep', async depth => {
    for (const text of [
      `${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`,
      `a: ${'['.repeat(depth)}${']'.repeat(depth)}`,
    ]) {
      const { all } = await first(c => c.write(file, text), '');
      expect(all.map(one => one.message)).toEqual([expect.stringContaining('nested too deeply')]);
    }
  });

  test.each([
    ['a worker', (text: string) => text.replace('worker-0:', '__proto__:')],
    ['a label', (text: string) => `${text}kubelet: {labels: {__proto__: a}}\n`],
    ['in cloudInit', (text: string) => `${text}cloudInit: {a: [{"__proto__": {b: 1}}]}\n`],
    ['in pins.yaml', (text: string) => text, (text: string) => `${text}__proto__: {}\n`],
  ])('__proto__ is refused: %s', async (_, change, inPins = (text: string) => text) => {
    const { of } = await first(c => {
      c.edit(file, change);
      c.edit('pins.yaml', inPins);
    }, 'SPEC_UNKNOWN_FIELD');
    expect(of[0]).toMatchObject({ message: 'there is no field __proto__.', line: expect.any(Number) });
  });
});

test.each([
  ['https://a:b@host/x', 'https://…@host/x'],
  ['a:b@host:3128', '…@host:3128'],
  ['https://a:b/c?d@e@host:1', 'https://…@host:1'],
  ['https://token@host', 'https://…@host'],
  ['https://host:6443/x?y', 'https://host:6443/x?…'],
  ['https://10.0.1.10:6443', 'https://10.0.1.10:6443'],
  ['ops@example.com', 'ops@example.com'],
  ['10.0.1.10:6443', '10.0.1.10:6443'],
])('masked: %s', (text, expected) => {
  expect(masked(text)).toBe(expected);
});
