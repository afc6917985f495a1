import type { z } from 'zod';
import { type Code, isCode } from '../diagnostics/codes.ts';
import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Origin, Path } from '../diagnostics/origin.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { valueAt } from '../tree/merge.ts';
import { masked, shown } from '../tree/shown.ts';
import { describeType } from './schema-parts.ts';
import type { Parsed, SourceAt } from './yaml.ts';

type Issue = z.core.$ZodIssue;

/** What is validated, for the findings about it. */
type Subject = {
  readonly file: string;
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly sourceAt: SourceAt | undefined;
};

/**
 * Values held against a schema; every disagreement becomes a finding at its key or value. `sourceAt` lets them quote
 * numbers as they stand in the file.
 */
export function validate<T>(file: string, schema: z.ZodType<T>, value: unknown, sourceAt?: SourceAt): Parsed<T> {
  const result = schema.safeParse(value, { reportInput: true, jitless: true });
  if (result.success) return { ok: true, value: result.data };
  const subject = { file, schema, root: value, sourceAt };
  return { ok: false, findings: result.error.issues.flatMap(issue => issueFindings(subject, issue)) };
}

function issueFindings(subject: Subject, issue: Issue): readonly Finding[] {
  const { file, schema, root } = subject;
  const path = issue.path as Path;
  const field = path.length === 0 ? 'the file' : nameOf(path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(schema, path);
      return issue.keys.map(key =>
        finding(
          'SPEC_UNKNOWN_FIELD',
          { file, path: [...path, key], atKey: true },
          { field: nameOf([...path, key]), known, meant: didYouMean(key, known) },
        ),
      );
    }
    case 'invalid_key': {
      const [inner] = issue.issues;
      const own = path[0] === 'workers' ? 'SPEC_WORKER_NAME' : ownCode(inner);
      const value = shown(path.at(-1));
      return [named(own, { file, path, atKey: true }, { field, value, reason: inner?.message ?? issue.message })];
    }
    case 'invalid_type':
      if (issue.input === undefined)
        return [finding('SPEC_MISSING_FIELD', { file, path }, { field, expected: expectedType(issue.expected) })];
      return [wrongType(subject, path, expectedType(issue.expected), issue.input)];
    case 'invalid_union':
      return unionFindings(subject, issue);
    case 'custom':
      return [named(ownCode(issue), { file, path }, { field, value: shown(issue.input), reason: issue.message })];
    case 'invalid_value':
      if (path.length === 1 && path[0] === 'version' && valueAt(root, path) !== undefined) {
        return [finding('SPEC_VERSION', { file, path }, { found: shown(issue.input), quoted: issue.input === '1' })];
      }
      if (valueAt(root, path) === undefined)
        return [finding('SPEC_MISSING_FIELD', { file, path }, { field, expected: issue.values.join(' or ') })];
      return [
        finding(
          'SPEC_INVALID_VALUE',
          { file, path },
          {
            file,
            field,
            value: shown(issue.input),
            reason: `it is one of ${issue.values.join(', ')}`,
            meant: meantOf(issue.input, issue.values.map(String)),
          },
        ),
      ];
    default:
  }
  return [named('SPEC_INVALID_VALUE', { file, path }, { field, value: shown(issue.input), reason: issue.message })];
}

/** A place as a message names it. A key may be a URL with a password, or worse. */
function nameOf(path: Path): string {
  return path.map(key => masked(String(key))).join('.');
}

/** Names that other tools have for our architectures. */
const synonyms: Readonly<Record<string, string>> = { x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64' };

function meantOf(input: unknown, values: readonly string[]): string | undefined {
  if (typeof input !== 'string') return undefined;
  const synonym = Object.hasOwn(synonyms, input.toLowerCase()) ? synonyms[input.toLowerCase()] : undefined;
  return synonym && values.includes(synonym) ? synonym : didYouMean(input, values);
}

function wrongType({ file, sourceAt }: Subject, path: Path, expected: string, input: unknown): Finding {
  const isScalar = typeof input === 'number' || typeof input === 'boolean';
  const source = isScalar ? shown(sourceAt?.(path) ?? String(input)) : undefined;
  const found = source === undefined ? describeType(input) : `the ${typeof input} ${source}`;
  return finding('SPEC_WRONG_TYPE', { file, path }, { field: nameOf(path), expected, found, source });
}

/** The code that a refinement of the schema names in its `params`. */
function ownCode(issue: Issue | undefined): Code {
  const code: unknown = issue?.code === 'custom' ? issue.params?.code : undefined;
  return typeof code === 'string' && isCode(code) ? code : 'SPEC_INVALID_VALUE';
}

/** Codes that a schema names take what they need of these arguments, so a new one needs no case of its own here. */
function named(
  code: Code,
  origin: Origin,
  { field, value, reason }: { field: string; value: string; reason: string },
): Finding {
  // A release is called v1.36.1, and its version is 1.36.1.
  const meant = /^versions\./.test(field) && /^v\d[\w.+-]*$/.test(value) ? value.slice(1) : undefined;
  const args = { file: origin.file, field, value, reason, path: value, expected: reason, meant };
  return finding(code, origin, args as never);
}

/** None of several forms fits: the form whose type is right says what is wrong, else all types are named. */
function unionFindings(subject: Subject, issue: z.core.$ZodIssueInvalidUnion): readonly Finding[] {
  const { file, root } = subject;
  const path = issue.path as Path;
  const nearest = issue.errors.find(
    issues => !issues.some(one => one.code === 'invalid_type' && one.path.length === 0),
  );
  if (nearest) return nearest.flatMap(one => issueFindings(subject, { ...one, path: [...path, ...one.path] }));
  const expected = issue.errors
    .flatMap(issues => issues.flatMap(one => (one.code === 'invalid_type' ? [expectedType(one.expected)] : [])))
    .join(' or ');
  const found = valueAt(root, path);
  if (found === undefined) return [finding('SPEC_MISSING_FIELD', { file, path }, { field: nameOf(path), expected })];
  return [wrongType(subject, path, expected, found)];
}

function expectedType(type: string): string {
  switch (type) {
    case 'object':
    case 'record':
      return 'a map';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'int':
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return type;
  }
}

type Definition = {
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Record<string, z.ZodType>;
};

/** The field names that the schema knows at a path, for "did you mean". */
function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  let current = unwrap(schema);
  for (const key of path) {
    const { shape, element, valueType } = definitionOf(current);
    current = unwrap(shape?.[String(key)] ?? valueType ?? element);
  }
  return Object.keys(definitionOf(current).shape ?? {});
}

function definitionOf(schema: z.ZodType | undefined): Definition {
  return (schema?.def ?? {}) as unknown as Definition;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  const inner = definitionOf(schema).innerType;
  return inner ? unwrap(inner) : schema;
}
