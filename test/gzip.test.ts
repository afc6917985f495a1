import { deflateRawSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gzipAfter, segment, segmentOf } from '../src/emit/gzip.ts';
import { concatBytes } from '../src/tree/bytes.ts';

/** Text that compresses, noise that does not, nothing at all, and much of each. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.constantFrom('kubelet ', 'a', '- path: /etc/', '\n'), fc.nat(3000))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 90_000 })).map(([seed, size]) => {
    let state = seed | 1;
    return Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state >>> 24;
    });
  }),
);

test('segment and rest are one gzip member that gives back all their bytes, whatever they are', () => {
  fc.assert(
    fc.property(bytes, bytes, (first, rest) => {
      const compressed = gzipAfter(segment(first))(rest);
      expect(gunzipSync(compressed).equals(concatBytes([first, rest]))).toBe(true);
    }),
    { numRuns: Number(process.env.FIRSTBOOT_RUNS ?? 150) },
  );
});

test('the bytes say nothing of the machine: no name, no time, no system', () => {
  const compressed = gzipAfter(segment(new Uint8Array(0)))(Buffer.from('text'));
  expect([...compressed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
});

test('a block of another deflate is a segment too, wherever in its last byte it ends; more than one block is none', () => {
  const endings = new Set<boolean>();
  for (let size = 1; size < 200; size += 1) {
    const plain = Buffer.from('kubelet containerd '.repeat(size).slice(0, size * 7));
    const block = deflateRawSync(plain);
    const one = segmentOf(plain, block);
    endings.add(one?.deflated?.length === block.length + 4);
    expect(one && gunzipSync(gzipAfter(one)(Buffer.from('rest'))).toString()).toBe(`${plain}rest`);
  }
  expect([...endings].sort()).toEqual([false, true]);
  const lines = Buffer.from(Array.from({ length: 60_000 }, (_, index) => `${Math.imul(index, 40503)}\n`).join(''));
  expect(segmentOf(lines, deflateRawSync(lines))).toBeUndefined();
  expect(segmentOf(Buffer.from('this'), deflateRawSync(Buffer.from('that')))).toBeUndefined();
});
