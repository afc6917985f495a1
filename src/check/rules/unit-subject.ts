import type { Component } from '../../compile/component.ts';
import { parseUnit, type UnitEntry, valuesOf } from '../../compile/unit-file.ts';
import type { Finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { decodeText } from '../../tree/text.ts';
import type { ClusterContext } from '../context.ts';

/** An assignment and the file that it stands in: the unit's own, or a drop-in. */
export type UnitLine = UnitEntry & { readonly file: string };

/** A unit as systemd sees it: its file and, after it, the drop-ins of all components. */
export type UnitSubject = {
  /** For example kubelet.service. */
  readonly name: string;
  readonly component: Component;
  readonly file: string;
  readonly lines: readonly UnitLine[];
  readonly context: ClusterContext;
};

export type UnitConcern = (subject: UnitSubject) => readonly Finding[];

/** One text of a unit: the unit's own file, or a drop-in of it. */
export type UnitText = {
  readonly unit: string;
  readonly dropIn: string | undefined;
  readonly component: Component;
  readonly file: string;
  readonly bytes: Uint8Array;
};

const place =
  /^(?:\/etc|\/usr\/lib|\/lib|\/usr\/local\/lib)\/systemd\/system\/([^/]+\.(?:service|socket|timer|path|mount|target))(?:\.d\/([^/]+\.conf))?$/;

/** All texts of units that components bring. */
export function unitTexts(components: readonly Component[]): readonly UnitText[] {
  return components.flatMap(component =>
    component.overlay.flatMap(({ path, name, bytes }) => {
      const [, unit, dropIn] = place.exec(path) ?? [];
      return unit === undefined ? [] : [{ unit, dropIn, component, file: name, bytes }];
    }),
  );
}

/** Every unit that a component brings; drop-ins for units of the image are not judged as units. */
export function unitSubjects(context: ClusterContext): readonly UnitSubject[] {
  const texts = unitTexts(context.inputs.components ?? []);
  const linesOf = ({ file, bytes }: UnitText): readonly UnitLine[] => {
    const text = decodeText(bytes);
    return text.ok ? parseUnit(text.text).entries.map(entry => ({ ...entry, file })) : [];
  };
  return texts
    .filter(({ dropIn, bytes }) => dropIn === undefined && decodeText(bytes).ok)
    .map(main => {
      const dropIns = texts
        .filter(one => one.dropIn !== undefined && one.unit === main.unit)
        .sort((a, b) => ((a.dropIn ?? '') < (b.dropIn ?? '') ? -1 : 1));
      const lines = [main, ...dropIns].flatMap(linesOf);
      return { name: main.unit, component: main.component, file: main.file, lines, context };
    });
}

/** All values of a key, in order, after the last reset. */
export function linesOf({ lines }: UnitSubject, section: string, key: string): readonly UnitLine[] {
  return valuesOf({ entries: lines }, section, key);
}

/** The value that holds, for a key with one value. */
export function lineOf(subject: UnitSubject, section: string, key: string): UnitLine | undefined {
  return linesOf(subject, section, key).at(-1);
}

/** What a list of units names (After=, Requires=), with the line that does. */
export function unitsNamed(
  subject: UnitSubject,
  key: string,
): readonly { readonly unit: string; readonly line: UnitLine }[] {
  return linesOf(subject, 'Unit', key).flatMap(line =>
    line.value
      .split(/\s+/)
      .filter(unit => unit !== '')
      .map(unit => ({ unit, line })),
  );
}

export function originOfLine({ file, offset }: UnitLine): Origin {
  return { file, offset };
}

/** The place of what a unit lacks: the first assignment of the section that it belongs in, else the top of the file. */
export function originOfSection({ lines, file }: UnitSubject, section: string): Origin {
  const line = lines.find(one => one.section === section && one.file === file);
  return { file, offset: line?.offset ?? 0 };
}
