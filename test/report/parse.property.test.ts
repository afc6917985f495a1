import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConsole, readReport } from '../../src/report/parse.ts';
import { timelineTable } from '../../src/report/table.ts';
import { cases, line, readCase } from './consoles.ts';

const consoles = cases.map(readCase).filter(text => !text.startsWith('{'));

const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }).map(text => text.replace(/firstboot|\u001b/g, '')),
  fc.constantFrom(
    '[   20.021007] Bridge firewalling registered',
    '[  OK  ] Started \x1b[0;1;39mcontainerd.service\x1b[0m - containerd container runtime.',
    'worker-0 login: ',
    'firstboot: {"v": 1, "worker": "worker-0", "pha',
    'firstboot: {}',
    '}}}"',
  ),
);

test('noise between lines and at line ends changes nothing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...consoles),
      fc.array(noise, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      (text, all, step) => {
        const lines = text.split('\n').flatMap((one, index) => {
          const between = all[(index * (step + 1)) % all.length] ?? '';
          return index % 2 === 0 ? [one + between] : [between, one];
        });
        expect(parseConsole(lines.join('\n'))).toEqual(parseConsole(text));
      },
    ),
  );
});

test('any end of a console, as the 64 KB that EC2 keeps, tells the same of its last run', () => {
  fc.assert(
    fc.property(fc.constantFrom(...consoles), fc.double({ min: 0, max: 0.9, noNaN: true }), (text, from) => {
      const rest = parseConsole(text.slice(Math.floor(text.length * from))).at(-1);
      const whole = parseConsole(text).at(-1);
      if (!rest) return;
      expect(rest.worker).toBe(whole?.worker);
      expect(rest.phases.at(-1)).toMatchObject({ phase: whole?.phases.at(-1)?.phase, end: whole?.phases.at(-1)?.end });
    }),
  );
});

/** JSON that looks like reports and lines, with anything in its values. */
const lookalike = fc
  .record({
    v: fc.constantFrom<unknown>(1, 2, null),
    worker: fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
    phases: fc.array(
      fc.record({
        phase: fc.constantFrom<unknown>('secrets', 'done', 'x', null),
        status: fc.constantFrom<unknown>('ok', 'retry', 'failed', 'start', 3),
        start: fc.oneof(fc.double(), fc.anything()),
        end: fc.oneof(fc.double(), fc.anything()),
        attempts: fc.anything(),
        cause: fc.anything(),
        detail: fc.anything(),
      }),
    ),
  })
  .map(value => JSON.stringify(value) ?? '');

test('any text is read or refused, and never throws; a table never steers the terminal and fits 80 columns', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.json(),
    fc.base64String(),
    lookalike,
    fc
      .string({ unit: 'binary' })
      .map(cause => line('secrets', 'failed', 9, { code: cause, cause, worker: `w${cause}` })),
  );
  fc.assert(
    fc.property(anything, text => {
      const read = readReport(text);
      const said = read.ok ? read.reports.map(one => timelineTable(one)).join('\n') : read.problem + read.hint;
      expect(said).not.toBe('');
      expect(said.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      if (read.ok) expect(said.split('\n').filter(one => one.length > 80)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
