import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './support/cluster.ts';

/** Import only from the left. A file of src/ itself is a layer of its own, by its name. */
const layers = [
  'ports',
  'tree',
  'diagnostics',
  'spec',
  'pki',
  'issue',
  'compile',
  'check',
  'emit',
  'report',
  'pipeline',
  'fleet',
  'rollout',
  'adapters',
  'local',
  'commands',
  'cli',
  'index',
  'firstboot',
];
const pure = ['tree', 'diagnostics', 'spec', 'pki', 'compile', 'check', 'emit', 'report', 'rollout'];
/** What the AWS side and the network need is loaded by the commands that need it, and by nothing on the way to `check`. */
const heavy = [
  '@aws-sdk/client-ec2',
  '@aws-sdk/client-s3',
  '@aws-sdk/client-ssm',
  '@aws-sdk/client-sts',
  '@kubernetes/client-node',
];

type Source = {
  readonly name: string;
  readonly text: string;
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean; readonly dynamic: boolean }[];
};

const sources: readonly Source[] = fs
  .readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .sort()
  .map(name => {
    const text = fs.readFileSync(path.join(root, 'src', name), 'utf8');
    const found = [...text.matchAll(/^(import|export)\b(\s+type\b)?[^;]*?from '([^']+)';|import\('([^']+)'\)/gm)];
    const imports = found.map(match => ({
      target: resolve(name, match[3] ?? match[4] ?? ''),
      typeOnly: match[2] !== undefined,
      dynamic: match[4] !== undefined,
    }));
    return { name, text, imports };
  });

function resolve(from: string, target: string): string {
  return target.startsWith('.') ? path.posix.join(path.posix.dirname(from), target) : target;
}

function layerOf(name: string): string {
  return name.includes('/') ? (name.split('/')[0] ?? '') : name.replace(/\.ts$/, '');
}

const isOurs = (target: string) => target.endsWith('.ts') || target.endsWith('.json');

test('every file belongs to a layer', () => {
  expect(sources.filter(({ name }) => !layers.includes(layerOf(name))).map(({ name }) => name)).toEqual([]);
});

test('imports go to the left only; ports hold types that all may import', () => {
  const wrong = sources.flatMap(({ name, imports }) =>
    imports
      .filter(
        ({ target }) =>
          isOurs(target) &&
          layerOf(target) !== 'ports' &&
          layers.indexOf(layerOf(target)) > layers.indexOf(layerOf(name)),
      )
      .map(({ target }) => `${name} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('ports hold types only', () => {
  for (const { name, text } of sources.filter(one => layerOf(one.name) === 'ports'))
    expect(text, name).not.toMatch(/^export (const|function|class|let)/m);
});

describe.each(pure)('src/%s is pure', folder => {
  test('no file system, network, process, console, clock or random', () => {
    const forbidden =
      /from 'node:(fs|net|http|https|child_process|process|worker_threads|os|dns|tls|timers)|\bconsole\.\w+\(|\bprocess\.|Date\.now\(|new Date\(\)|Math\.random|randomBytes|randomUUID|getRandomValues/;
    const guilty = sources.filter(
      ({ name, text }) => layerOf(name) === folder && forbidden.test(text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '')),
    );
    expect(guilty.map(({ name }) => name)).toEqual([]);
  });
});

test('archiver is used in one place', () => {
  expect(
    sources.filter(({ imports }) => imports.some(({ target }) => target === 'archiver')).map(({ name }) => name),
  ).toEqual(['emit/archive.ts']);
});

test('the clients of AWS and Kubernetes are only ever loaded by a dynamic import', () => {
  const eager = sources.filter(({ imports, name }) =>
    imports.some(
      ({ target, typeOnly, dynamic }) =>
        heavy.includes(target) && !typeOnly && !dynamic && layerOf(name) !== 'adapters',
    ),
  );
  expect(eager.map(({ name }) => name)).toEqual([]);
});

test('there are no cycles among the imports of values', () => {
  const graph = new Map(
    sources.map(({ name, imports }) => [
      name,
      imports
        .filter(({ target, typeOnly, dynamic }) => isOurs(target) && !typeOnly && !dynamic)
        .map(({ target }) => target),
    ]),
  );
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    expect(above.includes(name), `cycle ${[...above, name].join(' -> ')}`).toBe(false);
    if (done.has(name)) return;
    for (const target of graph.get(name) ?? []) visit(target, [...above, name]);
    done.add(name);
  };
  for (const name of graph.keys()) visit(name, []);
});

test('files are short: 300 lines at most, half of them below 120', () => {
  const sizes = sources
    .map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  process.stdout.write(
    `${sizes.length} source files, median ${sizes[Math.floor(sizes.length / 2)]?.lines} lines\n${sizes.map(({ name, lines }) => `${String(lines).padStart(5)}  src/${name}`).join('\n')}\n`,
  );
  expect(sizes.filter(({ lines }) => lines > 300)).toEqual([]);
  expect(sizes[Math.floor(sizes.length / 2)]?.lines).toBeLessThan(120);
});
