import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { writeFilesEntry } from '../src/emit/cloud-config.ts';

const bytesOf = (entry: { readonly content: string; readonly encoding?: string }) =>
  Buffer.from(entry.content, entry.encoding === 'b64' ? 'base64' : 'utf8');

/** Text full of what YAML could take for something else, beside any bytes at all. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
  fc
    .array(
      fc.constantFrom(
        ' ',
        '\n',
        '\t',
        'a',
        '#',
        ':',
        '- ',
        '---',
        '"',
        "'",
        '|',
        '%',
        '\\',
        '0x1',
        'yes',
        '\r',
        '\u00e9',
        '{}',
      ),
      { maxLength: 40 },
    )
    .map(parts => Buffer.from(parts.join(''))),
);

test('whatever a file holds, readers of YAML 1.1 and 1.2 get its bytes back', () => {
  fc.assert(
    fc.property(content, bytes => {
      const yaml = `write_files:\n${writeFilesEntry({ path: '/etc/one', mode: '0600', content: bytes })}${writeFilesEntry({ path: '/etc/two', mode: '0755', content: bytes })}hostname: last\n`;
      for (const version of ['1.1', '1.2'] as const) {
        const { write_files: entries, hostname } = parse(yaml, { version });
        expect(hostname).toBe('last');
        expect(entries.map((entry: { path: string; permissions: string }) => [entry.path, entry.permissions])).toEqual([
          ['/etc/one', '0600'],
          ['/etc/two', '0755'],
        ]);
        for (const entry of entries) expect(bytesOf(entry)).toEqual(bytes);
      }
    }),
    { numRuns: Number(process.env.FIRSTBOOT_RUNS ?? 1000) },
  );
});
