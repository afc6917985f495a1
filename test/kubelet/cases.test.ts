import { describe, expect, test } from 'vitest';
import { fatalCodes, judge, kubeletCases } from './subject.ts';

describe('firstboot’s verdict is the kubelet’s', () => {
  test.each(kubeletCases)('$name', ({ config, accepted, reports = [] }) => {
    const findings = judge(config);
    const fatal = findings.filter(one => fatalCodes.has(one.code)).map(one => one.message);
    expect(fatal.length === 0, fatal.join('\n')).toBe(accepted);
    for (const code of reports) expect(findings.map(one => one.code)).toContain(code);
  });
});

test('the example is judged without a finding', () => {
  for (const version of ['1.36.1', '1.35.8', '1.34.12', '1.33.13', '1.32.13'])
    expect(judge({}, {}, version)).toEqual([]);
});
