import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportPage } from '../../src/report/page.ts';
import { pageStyle } from '../../src/report/page-style.ts';
import { readReport } from '../../src/report/parse.ts';
import type { BootReport } from '../../src/report/report.ts';
import { root, run } from '../support/cluster.ts';
import { caseFile, cases, readCase } from './consoles.ts';
import { readPage } from './page.ts';

function reportsOf(name: string): readonly BootReport[] {
  const read = readReport(readCase(name));
  if (!read.ok) throw new Error(read.problem);
  return read.reports;
}

test.each(cases)('%s: the page is well-formed and needs nothing from elsewhere', async name => {
  const { code, out } = await run({ folder: root }, 'report', caseFile(name), '--html');
  expect(code).toBe(0);
  const { attributes, structure } = readPage(out);
  expect(structure.filter(one => /script|link|img|iframe|object|style .*src/.test(one))).toEqual([]);
  expect(attributes.filter(one => /^(src|style|on.*|xlink:href)$/.test(one.name))).toEqual([]);
  const ids = attributes.filter(one => one.name === 'id').map(one => one.value);
  expect(new Set(ids).size).toBe(ids.length);
  const links = attributes.filter(one => one.name === 'href').map(one => one.value.replace(/^#/, ''));
  const labels = attributes.filter(one => one.name === 'aria-labelledby').flatMap(one => one.value.split(' '));
  expect([...links, ...labels].filter(one => !ids.includes(one))).toEqual([]);
  expect(out).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(pageStyle).not.toMatch(/url\(|@import/);
});

test.each(cases)('%s: the picture has a title, a description and no place outside of it', name => {
  const { structure, attributes } = readPage(reportPage(reportsOf(name)));
  const pictures = attributes.filter(one => one.name === 'role' && one.value === 'img');
  expect(pictures.length).toBe(reportsOf(name).length);
  for (const tag of ['title', 'desc'])
    expect(structure.filter(one => one === ` ${tag} id`).length, tag).toBe(pictures.length);
  const places = attributes.filter(one => /%$/.test(one.value)).map(one => Number(one.value.slice(0, -1)));
  expect(places.length).toBeGreaterThan(30);
  expect(places.filter(one => !(one >= 0 && one <= 100))).toEqual([]);
});

test('retries and failures are marked where they were', () => {
  const rects = (name: string) =>
    readPage(reportPage(reportsOf(name)))
      .attributes.filter(one => one.tag === 'rect' && one.name === 'class')
      .map(one => one.value);
  expect(rects('gives-up')).toEqual(expect.arrayContaining(['machine', 'ok', 'retry', 'mark', 'failed', 'waiting']));
  expect(rects('unit-fails')).toContain('failed');
  expect(rects('done')).not.toContain('failed');
  expect(rects('rehearsal')).not.toContain('machine');
  // A mark for each retry: two of secrets, one of health and one of registered.
  expect(rects('done').filter(one => one === 'mark').length).toBe(4);
});

test('no markup gets through: a page has the same structure whatever its values are', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '</p><script>alert(1)</script>',
      '" onload="x',
      "'><svg/onload=x>",
      '&lt;b&gt;',
      '--><!--',
      ']]>',
      '`<b>`',
    ),
  );
  fc.assert(
    fc.property(hostile, value => {
      const of = (text: string): BootReport => ({
        v: 1,
        worker: `w${text}`,
        instanceId: `i${text}`,
        systemUuid: `u${text}`,
        digest: `d${text}`,
        fingerprint: `f${text}`,
        attempts: 1,
        phases: [
          { phase: 'kernel', status: 'ok', start: 1, end: 2, attempts: 1, would: [`x${text}`] },
          { phase: 'units', status: 'failed', start: 2, end: 9, attempts: 3, code: `B${text}`, cause: `c${text}` },
        ],
      });
      const read = readReport(JSON.stringify(of(value)));
      if (!read.ok) throw new Error(read.problem);
      const page = readPage(reportPage(read.reports));
      expect(page.structure).toEqual(readPage(reportPage([of('')])).structure);
      for (const shown of [read.reports[0]?.worker, read.reports[0]?.phases[1]?.cause])
        expect(page.text).toContain(shown);
      expect(page.text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
    { numRuns: 300 },
  );
});

/** WCAG’s contrast of two colours. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.replace(/[0-9a-f]/g, '$&$&') : colour;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map(at => Number.parseInt(digits.slice(at, at + 2), 16) / 255)
    .map(one => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('text has a contrast of 4.5 and bars have 3, light and dark', () => {
  const palettes = pageStyle.split(/:root \{/).slice(1);
  expect(palettes.length).toBe(2);
  for (const palette of palettes) {
    const colours = Object.fromEntries([...palette.matchAll(/--(\w+): (#[0-9a-f]+)/g)].map(one => [one[1], one[2]]));
    const colour = (name: string) => colours[name] ?? '';
    for (const text of ['ink', 'faint', 'failed', 'good', 'warn', 'ok'])
      for (const paper of ['paper', 'soft'])
        expect(contrast(colour(text), colour(paper)), `${text} on ${paper}`).toBeGreaterThanOrEqual(4.5);
    for (const bar of ['ok', 'retry', 'failed'])
      expect(contrast(colour(bar), colour('soft')), `${bar} bar`).toBeGreaterThanOrEqual(3);
  }
});
