import { webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeDescription } from '../../src/emit/node-description.ts';
import { unifiedDiff } from '../../src/rollout/diff.ts';
import { changesOf } from '../../src/rollout/plan-changes.ts';
import { redacted } from '../../src/rollout/redact.ts';
import { generateKeys } from '../support/pki.ts';
import { launch } from './plan-cases.ts';

/** Where people write secrets, with the secret at the place of the argument. */
const places: readonly (readonly [string, (secret: string) => string])[] = [
  ['YAML', secret => `auth:\n  password: ${secret}\n  user: ada\n`],
  ['YAML in quotes', secret => `clientSecret: "${secret}"\n`],
  ['a block of YAML', secret => `token: |\n  ${secret}\nnext: 1\n`],
  ['a folded block in a list', secret => `items:\n  - secret: >-\n      ${secret}\n  - name: b\n`],
  ['a list of YAML', secret => `tokens:\n- ${secret}\n- ${secret}\nnext: 1\n`],
  ['JSON on one line', secret => `{"user": "ada", "apiKey": "${secret}"}\n`],
  ['TOML', secret => `[plugins."x".auth]\n  password = "${secret}"\n`],
  ['containerd’s auth', secret => `      auth = "${secret}"\n`],
  ['a unit’s environment', secret => `[Service]\nEnvironment="REGISTRY_TOKEN=${secret}" A=b\n`],
  ['a flag', secret => `ExecStart=/usr/bin/x --bootstrap-token=${secret} --v=2\n`],
  ['a flag and a blank', secret => `ExecStart=/usr/bin/x --password ${secret} --v=2\n`],
  ['a unit’s continued line', secret => `Environment=PASSWORD=\\\n  ${secret}\n`],
  ['a URL with a password', secret => `server = "https://ada:${secret}@example.com/v2"\n`],
  ['a URL with a query', secret => `url: https://example.com/a?X-Amz-Signature=${secret}&b=c\n`],
  ['a header', secret => `curl -H "Authorization: Bearer ${secret}" https://example.com\n`],
  ['a header before a named value', secret => `-H "Authorization: Bearer ${secret}" --token=${secret}\n`],
  ['an environment file', secret => `AWS_SECRET_ACCESS_KEY=${secret}\n`],
  ['XML-like attributes', secret => `<x password='${secret}'/>\n`],
  ['after something else', secret => `a: b, my-secret-key: ${secret}\n`],
];

const secrets = fc.string({
  unit: fc.constantFrom(...'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789+/=_-.'),
  minLength: 8,
  maxLength: 48,
});

describe('what looks like a credential is in no diff', () => {
  test.each(places)('%s', (_, place) => {
    fc.assert(
      fc.property(secrets, secrets, (before, after) => {
        const diff = unifiedDiff(redacted(place(before)), redacted(place(after)));
        expect(diff.includes(before) || diff.includes(after)).toBe(false);
        // Nor a good part of it.
        expect(redacted(place(before)).includes(before.slice(0, 8))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

test('a private key is gone whole, as PEM, in base64 and cut off', async () => {
  const { privateKey } = await generateKeys('ec');
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  const [begin, end] = ['BEGIN', 'END'].map(word => `-----${word} PRIVATE KEY-----`);
  const pem = `${begin}\n${der.match(/.{1,64}/g)?.join('\n')}\n${end}\n`;
  for (const text of [
    pem,
    pem.slice(0, 150),
    Buffer.from(pem).toString('base64'),
    `a: |\n${pem.replace(/^/gm, '  ')}`,
  ]) {
    const shown = redacted(`before\n${text}\nafter\n`);
    for (let at = 0; at + 12 <= der.length; at += 12) expect(shown).not.toContain(der.slice(at, at + 12));
    expect(shown).toContain('before');
  }
});

test('credentials whose form is known go wherever they stand', () => {
  // Put together here, so that no scanner takes this file for a leak.
  for (const token of [
    `AKIA${'Q'.repeat(16)}`,
    `ghp_${'a1'.repeat(18)}`,
    `glpat-${'x'.repeat(20)}`,
    `xoxb-${'1'.repeat(12)}`,
  ])
    expect(redacted(`plain text with ${token} and ${token} in it\n`)).not.toContain(token);
});

test('what a node’s configuration needs to be judged stays readable', () => {
  const text = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 2m0s
authorization:
  mode: Webhook
clusterDNS:
- 10.32.0.10
tlsCertFile: /var/lib/kubelet/kubelet.pem
tlsPrivateKeyFile: /var/lib/kubelet/kubelet-key.pem
registerWithTaints:
- {key: dedicated, value: batch, effect: NoSchedule}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
`;
  expect(redacted(text)).toBe(text);
});

const node = (files: Readonly<Record<string, string>>): NodeDescription => ({
  privateIp: '10.0.1.20',
  arch: 'amd64',
  files: new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      { mode: '0644', content: { kind: 'bytes', bytes: Buffer.from(text) } },
    ]),
  ),
  binaries: [],
  units: [],
  modules: [],
});

test('a secret that changed is told without either value', () => {
  const changes = changesOf({
    before: node({ '/etc/x': 'password: correct-horse\n' }),
    after: node({ '/etc/x': 'password: battery-staple\n' }),
    launchBefore: launch,
    launchAfter: { ...launch, tags: { 'api-token': 'staple-battery' } },
  });
  expect(changes.map(({ name }) => name)).toEqual(['launch parameters', '/etc/x']);
  expect(changes[1]?.diff).toBe('(a value that is not shown changed)\n');
  expect(JSON.stringify(changes)).not.toMatch(/horse|staple/);
});

test('files that come, go, change their mode, or are no text', () => {
  const before = node({ '/a': 'one\n', '/b': 'gone\n', '/c': '\0binary' });
  const after = node({ '/a': 'one\n', '/c': '\0other', '/d': 'new\n' });
  const withMode = {
    ...after,
    files: new Map(after.files).set('/a', {
      mode: '0600',
      content: { kind: 'bytes' as const, bytes: Buffer.from('one\n') },
    }),
  };
  const changes = changesOf({ before, after: withMode, launchBefore: launch, launchAfter: launch });
  expect(changes).toEqual([
    { name: '/a', diff: '(mode 0644 -> 0600)\n' },
    { name: '/b', diff: '@@ -1,1 +0,0 @@\n-gone\n' },
    { name: '/c', diff: expect.stringMatching(/^\(sha256:[0-9a-f]{12}, 7 B -> sha256:[0-9a-f]{12}, 6 B\)\n$/) },
    { name: '/d', diff: '@@ -0,0 +1,1 @@\n+new\n' },
  ]);
});

test('a diff is bounded, however much changed', () => {
  const lines = (count: number, word: string) => Array.from({ length: count }, (_, n) => `${word} ${n}\n`).join('');
  expect(unifiedDiff(lines(700, 'old'), lines(700, 'new')).split('\n').length).toBeLessThan(410);
  expect(unifiedDiff(lines(5000, 'old'), lines(5000, 'new'))).toBe('(too much changed to be shown)\n');
  expect(unifiedDiff('', 'x'.repeat(300_000))).toBe('(too much changed to be shown)\n');
});

test('hostile text takes no time to speak of', () => {
  const texts = [
    '-_'.repeat(120_000),
    'a'.repeat(240_000),
    'secret'.repeat(40_000),
    '$1$'.repeat(80_000),
    '--a '.repeat(60_000),
  ];
  for (const text of [
    ...texts,
    ...texts.map(one => one.replace(/(.{1900})/g, '$1\n')),
    '-----BEGIN PRIVATE KEY-----'.repeat(9_000),
  ])
    expect(redacted(text).length).toBeGreaterThan(0);
});
