import { parseUnit, type UnitEntry } from '../../compile/unit-file.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { decodeText } from '../../tree/text.ts';
import { sectionsOf } from './unit-directives.ts';
import type { UnitText } from './unit-subject.ts';

/** What systemd would log and ignore in one file, be it a unit or a drop-in. */
export function unitSyntax({ unit, dropIn, file, bytes }: UnitText): readonly Finding[] {
  const text = decodeText(bytes);
  const name = dropIn === undefined ? unit : `${unit}.d/${dropIn}`;
  if (!text.ok) return [finding('UNIT_ENCODING', { file }, { unit: name, reason: text.reason })];
  const { entries, problems } = parseUnit(text.text);
  const carriage = text.text.indexOf('\r\n');
  return [
    ...(carriage === -1 ? [] : [finding('UNIT_LINE_ENDINGS', { file, offset: carriage }, { unit: name })]),
    ...problems.map(({ offset, reason }) => finding('UNIT_SYNTAX', { file, offset }, { reason })),
    ...unknown(entries, unit.split('.').at(-1) ?? '', file),
  ];
}

function unknown(entries: readonly UnitEntry[], type: string, file: string): readonly Finding[] {
  const known = sectionsOf(type);
  const reported = new Set<string>();
  return entries.flatMap(({ section, key, offset }) => {
    if (section.startsWith('X-') || key.startsWith('X-')) return [];
    const keys = known.get(section);
    if (!keys) {
      // One finding a section: what it holds cannot be judged.
      if (reported.has(section)) return [];
      reported.add(section);
      return [
        finding('UNIT_SECTION_UNKNOWN', { file, offset }, { section, meant: didYouMean(section, [...known.keys()]) }),
      ];
    }
    if (keys.has(key)) return [];
    const belongs = [...known].find(([, others]) => others.has(key))?.[0];
    return [
      finding('UNIT_KEY_UNKNOWN', { file, offset }, { key, section, belongs, meant: didYouMean(key, [...keys]) }),
    ];
  });
}
