import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument, stringify } from 'yaml';
import { compileKubeconfig } from '../../src/compile/kubeconfig.ts';
import { readKubeconfig } from '../../src/pki/kubeconfig.ts';
import { writeYaml } from '../../src/pki/kubeconfig-write.ts';
import { parseKubeconfigYaml, parsePlainYaml } from '../../src/pki/kubeconfig-yaml.ts';

const scalar = fc.oneof(
  fc.boolean(),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    'yes',
    'No',
    'null',
    '~',
    '1e3',
    '0x1f',
    '-',
    '- a',
    'a: b',
    'a #b',
    'system:node:worker-0',
    'https://10.0.1.10:6443',
    '\u2028',
    '🔑',
    '\u007f',
    'a:',
    '<<',
    '=',
    '\ud800',
  ),
);
const document = fc.letrec<{ data: unknown }>(tie => ({
  data: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('data'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('data'), { maxKeys: 4 }),
  ),
})).data;
const map = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,8}$/), document, { minKeys: 1, maxKeys: 4 });

describe('writing YAML', () => {
  test.each(['1.1', '1.2'] as const)('readers of YAML %s read back what was written', version => {
    fc.assert(
      fc.property(map, data => {
        // A lone surrogate is no text: no encoding can carry it.
        fc.pre(!/\\ud[89a-f]/i.test(JSON.stringify(data)));
        expect(parse(writeYaml(data as never), { version })).toEqual(data);
      }),
    );
  });
});

describe('reading the plain YAML that kubectl writes', () => {
  test('whatever it reads, the library reads alike', () => {
    fc.assert(
      fc.property(map, data => {
        const text = stringify(data);
        const plain = parsePlainYaml(text);
        if (plain !== undefined) expect(plain).toEqual(parse(text));
      }),
    );
  });

  test('so it does with broken lines', () => {
    const line = fc.stringMatching(/^ {0,4}(- )?[a-c]:( ([a-z:"'#/-]{1,5}|true|\{\}))?$/);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), lines => {
        const text = `${lines.join('\n')}\n`;
        const plain = parsePlainYaml(text);
        if (plain === undefined) return;
        const library = parseDocument(text, { logLevel: 'silent' });
        expect(library.errors).toEqual([]);
        expect(library.toJS()).toEqual(plain);
      }),
      { numRuns: 2000 },
    );
  });

  test('what firstboot compiles is plain, unless a name needs quotes', () => {
    const text = compileKubeconfig(source({}));
    expect(parsePlainYaml(text)).toEqual(parse(text));
    expect(parsePlainYaml(text)).toBeDefined();
  });
});

describe('other forms of the same', () => {
  const data = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://a:6443' } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  test.each([
    ['JSON', JSON.stringify(data)],
    ['JSON in lines', JSON.stringify(data, null, 2)],
    ['YAML', stringify(data)],
    ['flow style', stringify(data, { collectionStyle: 'flow' })],
    ['CRLF', stringify(data).replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${stringify(data)}`],
    ['comments', `# first\n${stringify(data).replaceAll('\n', ' # here\n')}`],
    ['a document’s beginning', `---\n${stringify(data)}`],
    [
      'neither kind nor version, which client-go supplies',
      stringify({ ...data, kind: undefined, apiVersion: undefined }),
    ],
  ])('%s', (_, text) => {
    const { kubeconfig, findings } = read(text);
    expect(findings).toEqual([]);
    expect(kubeconfig).toMatchObject({
      cluster: { name: 'c', server: { value: 'https://a:6443', path: ['clusters', 0, 'cluster', 'server'] } },
      user: { name: 'u' },
    });
  });

  test('anchors and merge keys are followed', () => {
    const text = `${stringify({ ...data, clusters: undefined })}clusters:\n- name: c\n  cluster: {<<: &base {server: https://a:6443}}\n`;
    expect(parseKubeconfigYaml(text)).toMatchObject({ ok: true });
    expect(read(text).kubeconfig?.cluster.server?.value).toBe('https://a:6443');
  });
});

test('a missing file is no fault', () => {
  expect(readKubeconfig({ name: 'x', result: { kind: 'missing' } })).toEqual({ findings: [] });
});

test('a folder in its place is', () => {
  expect(readKubeconfig({ name: 'x', result: { kind: 'folder' } }).findings.map(one => one.code)).toEqual([
    'KUBECONFIG_UNREADABLE',
  ]);
});

test('never prints a credential', () => {
  const { findings } = read(stringify({ users: [{ name: 'u', user: { password: 12345678, token: 87654321 } }] }));
  expect(findings).toHaveLength(2);
  expect(JSON.stringify(findings)).not.toMatch(/12345678|87654321/);
});

test('no input makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void read(text)));
  fc.assert(fc.property(fc.anything(), value => void read(JSON.stringify(value) ?? '')));
  const parts = {
    clusters: document,
    users: document,
    contexts: document,
    'current-context': document,
    kind: fc.constant('Config'),
  };
  fc.assert(fc.property(fc.record(parts, { requiredKeys: [] }), value => void read(stringify(value))));
});

describe('the kubeconfig of the node', () => {
  test('is made from the spec where the user has none', () => {
    expect(parse(compileKubeconfig(source({})))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'from-scratch', cluster: { server: 'https://10.0.1.10:6443', 'certificate-authority': '/ca.pem' } },
      ],
      users: [{ name: 'system:node:worker-0', user: { 'client-certificate': '/cert.pem', 'client-key': '/key.pem' } }],
      contexts: [{ name: 'default', context: { cluster: 'from-scratch', user: 'system:node:worker-0' } }],
      'current-context': 'default',
    });
  });

  test('keeps names and the way to the server, and leaves the rest behind', () => {
    const from = read(
      stringify({
        clusters: [
          {
            name: 'my: cluster',
            cluster: {
              server: 'https://x',
              'tls-server-name': 'kubernetes',
              'proxy-url': 'http://proxy:3128',
              'disable-compression': true,
            },
          },
        ],
        users: [
          { name: 'yes', user: { token: 'secret' } },
          { name: 'other', user: { token: 'secret' } },
        ],
        contexts: [{ name: '123', context: { cluster: 'my: cluster', user: 'yes', namespace: 'kube-system' } }],
        'current-context': '123',
      }),
    ).kubeconfig;
    const text = compileKubeconfig(source(from ? { from } : {}));
    expect(text).not.toContain('secret');
    expect(parse(text, { version: '1.1' })).toMatchObject({
      clusters: [
        {
          name: 'my: cluster',
          cluster: {
            server: 'https://10.0.1.10:6443',
            'tls-server-name': 'kubernetes',
            'proxy-url': 'http://proxy:3128',
            'disable-compression': true,
          },
        },
      ],
      users: [{ name: 'yes' }],
      contexts: [{ name: '123', context: { cluster: 'my: cluster', user: 'yes', namespace: 'kube-system' } }],
      'current-context': '123',
    });
  });
});

function read(text: string) {
  return readKubeconfig({
    name: 'k',
    result: { kind: 'file', bytes: new TextEncoder().encode(text), executable: false },
  });
}

function source(more: Partial<Parameters<typeof compileKubeconfig>[0]>): Parameters<typeof compileKubeconfig>[0] {
  return {
    clusterName: 'from-scratch',
    server: 'https://10.0.1.10:6443',
    user: 'system:node:worker-0',
    paths: { ca: '/ca.pem', certificate: '/cert.pem', key: '/key.pem' },
    ...more,
  };
}
