import { expect, test } from 'vitest';
import { type FieldType, fieldsOf, firstMinor, gatesOf, lastMinor } from '../../src/check/kubernetes/tables.ts';
import type { Json, JsonMap } from '../../src/tree/merge.ts';
import { judge } from './subject.ts';

/** Mulberry32: the same numbers in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A value of a field's type, odd ones among them. */
function makeValue(type: FieldType, random: () => number): Json {
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const several = () => Array.from({ length: Math.floor(random() * 3) });
  if (typeof type === 'string') {
    switch (type) {
      case 'string':
        return pick('', 'a', '/', '10%', '100Mi', '-1', 'static', 'Static', '../x', '=,', '0-3', 'constructor', 'ü');
      case 'bool':
        return random() < 0.5;
      case 'int':
        return pick(0, 1, 2, 80, 65536, 2147483647);
      case 'number':
        return pick(0, 0.5, -1, 1e9);
      case 'duration':
        return pick('0', '0s', '1h30m', '-5m', '1.5s', '250us', '+3ns');
      case 'durationOrInt':
        return pick<Json>('5s', 5000000000, 0);
      case 'quantity':
        return pick<Json>('1Gi', 0, '500m', '1e3', 12);
      case 'any':
        return null;
    }
  }
  if ('list' in type) return several().map(() => makeValue(type.list, random));
  if ('map' in type) {
    const keys = ['memory.available', 'cpu', 'memory', 'full-pcpus-only', '__proto__x', 'x y'];
    return Object.fromEntries(several().map(() => [pick(...keys), makeValue(type.map, random)]));
  }
  return Object.fromEntries(
    [...type.fields].filter(() => random() < 0.3).map(([name, below]) => [name, makeValue(below, random)]),
  );
}

test('configurations of the right types are never reported for a field, and never crash', () => {
  const random = randomOf(20260101);
  for (let run = 0; run < 600; run++) {
    const minor = firstMinor + (run % (lastMinor - firstMinor + 1));
    const config = makeValue({ fields: fieldsOf(minor) }, random) as JsonMap;
    const gates = [...gatesOf(minor).keys()].filter(() => random() < 0.02).map(gate => [gate, random() < 0.5]);
    const findings = judge({ ...config, featureGates: Object.fromEntries(gates) }, {}, `1.${minor}.1`);
    expect(findings.filter(one => one.code.startsWith('KUBELET_FIELD_')).map(one => one.message)).toEqual([]);
    expect(findings.filter(one => one.code === 'KUBELET_FEATURE_GATE_UNKNOWN')).toEqual([]);
  }
});

test('whatever stands in place of a value does not crash a rule', () => {
  const random = randomOf(7);
  const odd: readonly Json[] = [
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    'x',
    [],
    [null],
    ['a', 1],
    {},
    { a: null },
    { limits: 3 },
    [{ limits: { memory: [] } }],
  ];
  for (let run = 0; run < 600; run++) {
    const names = [...fieldsOf(lastMinor).keys()].filter(() => random() < 0.2);
    judge(Object.fromEntries(names.map(name => [name, odd[Math.floor(random() * odd.length)] as Json])));
  }
});
