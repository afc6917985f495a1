import { byCodeUnit } from '../tree/order.ts';
import { type Catalogue, type Code, catalogue, type Severity } from './codes.ts';
import type { Origin } from './origin.ts';
import type { Place } from './source.ts';

export type Note = { readonly message: string; readonly origin: Origin };

/** What a rule reports: everything about a problem but its line. */
export type Finding = {
  readonly code: Code;
  readonly message: string;
  readonly hint: string;
  readonly origin: Origin;
  readonly notes: readonly Note[];
};

/** A finding with its place, as it is printed and as `--json` gives it. */
export type Diagnostic = {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string;
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly notes: readonly {
    readonly message: string;
    readonly file: string;
    readonly line?: number;
    readonly column?: number;
  }[];
};

type Arguments<C extends Code> =
  Parameters<Catalogue[C]['message']> extends [infer A] ? A : Readonly<Record<string, never>>;

/** Makes a finding; the arguments are those of the code's message in the catalogue. */
export function finding<C extends Code>(
  code: C,
  origin: Origin,
  args: Arguments<C>,
  notes: readonly Note[] = [],
): Finding {
  const { message, hint } = catalogue[code] as unknown as {
    message: (args: Arguments<C>) => string;
    hint: string | ((args: Arguments<C>) => string);
  };
  return { code, message: message(args), hint: typeof hint === 'string' ? hint : hint(args), origin, notes };
}

export function severityOf(code: Code): Severity {
  return catalogue[code].severity;
}

/** Gives each finding its place and sorts: by file, then place, then code. `strict` makes warnings errors. */
export function toDiagnostics(
  findings: readonly Finding[],
  locate: (origin: Origin) => Place,
  strict = false,
): readonly Diagnostic[] {
  const placed = findings.map(({ code, message, hint, origin, notes }): Diagnostic => {
    const severity = strict ? 'error' : severityOf(code);
    return {
      code,
      severity,
      message,
      hint,
      ...locate(origin),
      notes: notes.map(note => ({ message: note.message, ...locate(note.origin) })),
    };
  });
  return placed.sort(
    (a, b) =>
      byCodeUnit(a.severity, b.severity) ||
      byCodeUnit(a.file, b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0) ||
      byCodeUnit(a.code, b.code) ||
      byCodeUnit(a.message, b.message),
  );
}
