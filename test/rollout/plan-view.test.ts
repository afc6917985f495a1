import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planMarkdown } from '../../src/commands/plan-markdown.ts';
import { planView } from '../../src/commands/plan-view.ts';
import type { Action, Plan } from '../../src/rollout/plan.ts';
import { planOf } from '../../src/rollout/plan.ts';
import { planText, readPlan, requireUnmoved } from '../../src/rollout/plan-file.ts';
import { cluster, desired, now, observed } from './plan-cases.ts';

const action = (worker: string, change: Partial<Action> = {}): Action => ({
  worker,
  kind: 'replace',
  reasons: [{ kind: 'fingerprint', text: 'kubelet configuration changed' }],
  instanceId: 'i-0123456789abcdef0',
  fingerprint: 'a'.repeat(64),
  launch: null,
  changes: [{ name: '/etc/x', diff: '@@ -1,1 +1,1 @@\n-maxPods: 110\n+maxPods: 64\n' }],
  after: [],
  ...change,
});

const plan = (...actions: readonly Action[]): Plan => ({
  version: 1,
  cluster: 'from-scratch',
  at: '2026-11-25T09:00:00.000Z',
  actions,
  basis: 'b'.repeat(64),
  warnings: [],
});

const kept = (worker: string) => action(worker, { kind: 'keep', reasons: [], changes: [] });
const names = (count: number, prefix = 'worker') => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

describe('the view', () => {
  test('reads as a plan does', () => {
    const view = planView(
      plan(
        kept('worker-0'),
        action('worker-1', {
          after: ['worker-2'],
          disruption: { evicted: [{ namespace: 'default', name: 'web' }], blockers: [] },
        }),
        action('worker-2', { kind: 'launch', reasons: [{ kind: 'absent', text: 'it has no instance' }], changes: [] }),
        action('old', {
          kind: 'retire',
          reasons: [{ kind: 'not-in-spec', text: 'the spec has no such worker' }],
          changes: [],
        }),
      ),
      undefined,
    );
    expect(view).toBe(`= worker-0  keep
~ worker-1  replace  kubelet configuration changed
+ worker-2  launch   it has no instance
- old       retire   the spec has no such worker

worker-1 (i-0123456789abcdef0) is replaced after worker-2, for its address:

  /etc/x
    @@ -1,1 +1,1 @@
    -maxPods: 110
    +maxPods: 64

worker-1: evicts default/web

Plan: 1 to launch, 1 to replace, 1 to retire, 1 kept.
`);
  });

  test('a roll of a thousand workers fits a screen or two, and shows a common change once', () => {
    const rolled = planView(plan(...names(1000).map(name => action(name))), undefined);
    expect(rolled.split('\n').length).toBeLessThan(100);
    expect(rolled.match(/maxPods: 64/g)).toHaveLength(1);
    expect(rolled).toContain('worker-0, worker-1, worker-2 and 997 more are replaced:');
    const still = planView(plan(...names(999).map(kept), action('odd')), undefined);
    expect(still.split('\n').length).toBeLessThan(20);
    expect(still).toContain('= 999 workers are kept');
  });

  test('has at most 80 columns and no control characters, whatever names and diffs are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const name = fc.string({ unit: fc.constantFrom(...'abc012-'), minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(name, text, text, text, (worker, reason, diff, warning) => {
        const shown = planView(
          {
            ...plan(
              action(worker, {
                reasons: [
                  { kind: 'ended', text: reason },
                  { kind: 'image', text: 'x' },
                ],
                changes: [{ name: `/etc/${diff}`, diff: `\u001b[2J${diff}\n` }],
                disruption: { evicted: [{ namespace: 'a'.repeat(63), name: worker }], blockers: [reason] },
              }),
            ),
            warnings: [warning],
          },
          'Pods were not looked at.',
        );
        for (const line of shown.split('\n')) {
          expect(line).not.toMatch(/[\p{Cc}]/u);
          if (!/\S{70}/.test(line)) expect([...line].length).toBeLessThanOrEqual(80);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('Markdown', () => {
  const hostile = [
    '| x | y |',
    '</details><script>alert(1)</script>',
    '[x](javascript:alert(1))',
    '![x](https://example.com/pixel.png)',
    '@everyone #1 `code` **bold** ~~x~~ _x_ \\',
    'https://example.com www.example.com ada@example.com',
    '```\n</code></pre><img src=x onerror=alert(1)>\n````',
    '- [ ] task',
    '&lt;b&gt; &amp;',
  ];

  test.each(hostile)('%j stays text', text => {
    const markdown = planMarkdown(
      {
        ...plan(
          action('worker-0', { reasons: [{ kind: 'ended', text }], changes: [{ name: text, diff: `+${text}\n` }] }),
        ),
        warnings: [text],
      },
      undefined,
    );
    const [, open, body] = /(`{3,})diff\n([\s\S]*?)\n\1(?!`)/.exec(markdown) ?? [];
    // The fence is longer than any run of backticks in it, so nothing closes it early.
    for (const [run] of (body ?? '').matchAll(/`+/g)) expect(run.length).toBeLessThan(open?.length ?? 0);
    const outside = markdown.replace(`${open}diff\n${body}\n${open}`, '');
    expect(outside.match(/<(?!\/?(?:details|summary|code)>)/g)).toBeNull();
    expect(outside).not.toMatch(/[`*_~[\]\\@!](?<!\n\| ~)/);
    expect(outside).not.toMatch(/https?:\/\/|www\./);
    // Every row of the table has its four cells.
    for (const row of outside.split('\n').filter(line => line.startsWith('|')))
      expect(row.match(/\|/g)).toHaveLength(5);
  });

  test('fits a comment on GitHub, with every fold closed', () => {
    const big = names(400).map((name, n) =>
      action(name, { changes: [{ name: `/etc/${n}`, diff: `+${'x'.repeat(90)}\n`.repeat(200) }] }),
    );
    const markdown = planMarkdown(plan(...big), undefined);
    expect(markdown.length).toBeLessThan(65_536);
    expect(markdown.match(/<details>/g)?.length).toBe(markdown.match(/<\/details>/g)?.length);
    expect(markdown).toContain('left out');
  });
});

describe('a plan in a file', () => {
  const made = planOf(cluster, desired, observed([]), now);

  test('is read as it was written', () => {
    expect(readPlan(planText(made), 'p.json', cluster.name)).toEqual(JSON.parse(JSON.stringify(made)));
  });

  test.each([
    ['no JSON', 'hello', /it is no JSON/],
    ['something else', '{"diagnostics": []}', /version/],
    ['a list', '[1]', /is no plan/],
    ['null', 'null', /is no plan/],
    ['a later version', planText({ ...made, version: 2 as never }), /version 2/],
    ['for another cluster', planText({ ...made, cluster: 'other' }), /for the cluster other, not from-scratch/],
    [
      'an unknown action',
      planText({ ...made, actions: [{ ...action('a'), kind: 'explode' as never }] }),
      /actions\.0\.kind/,
    ],
    ['a basis cut off', planText({ ...made, basis: 'abc' }), /basis/],
  ])('%s is refused', (_, text, message) => {
    expect(() => readPlan(text, 'p.json', cluster.name)).toThrow(
      expect.objectContaining({ code: 'PLAN_FILE_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('is not applied to another world', () => {
    expect(() => requireUnmoved(made, made, 'p.json')).not.toThrow();
    const later = planOf(cluster, desired.slice(0, 2), observed([]), now);
    expect(() => requireUnmoved(made, later, 'p.json')).toThrow(expect.objectContaining({ code: 'PLAN_MOVED' }));
  });
});
