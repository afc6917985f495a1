import { invariant } from '../tree/invariant.ts';
import { byCodeUnit } from '../tree/order.ts';

/**
 * The modules of the boot program as one script: user-data is small, and comments, docstrings, annotations and imports are a
 * third of it. Nothing is renamed and no statement changes, so a traceback on the node reads as the source does.
 */
export function bootScript(modules: ReadonlyMap<string, string>): string {
  const sources = inOrder(modules, '__main__', []).map(name => withoutComments(modules.get(name) ?? '').split('\n'));
  const statements = sources.flat().filter(line => line !== '');
  const isOutside = (line: string) => !modules.has(importedModule(line)) && importedModule(line) !== 'typing';
  const imports = merged(statements.filter(isImport).filter(isOutside));
  const body = statements.filter(line => !isImport(line)).map(line => shallow(withoutAnnotations(line)));
  return `${[...imports, ...body].join('\n')}\n`;
}

/** One line a module. */
function merged(imports: readonly string[]): readonly string[] {
  const names = new Map<string, Set<string>>();
  for (const line of imports) {
    const [start = line, list = ''] = line.split(/(?<=\bimport )/);
    names.set(start, new Set([...(names.get(start) ?? []), ...list.split(', ')]));
  }
  return [...names].map(([start, list]) => start + [...list].sort(byCodeUnit).join(', ')).sort(byCodeUnit);
}

/** What a module imports comes before it. */
function inOrder(modules: ReadonlyMap<string, string>, name: string, before: readonly string[]): readonly string[] {
  const source = modules.get(name);
  if (source === undefined || before.includes(name)) return before;
  const lines = source.split('\n').filter(isImport);
  invariant(!lines.some(line => line.endsWith('(')), `${name} has each import on one line`);
  return [...lines.reduce((so, line) => inOrder(modules, importedModule(line), so), before), name];
}

function isImport(line: string): boolean {
  return /^(from|import) /.test(line);
}

function importedModule(line: string): string {
  return line.split(' ')[1] ?? '';
}

/** The docstring of a class is its body here and stays. */
function withoutComments(source: string): string {
  const lines = source.split('\n');
  return lines
    .filter((line, index) => !/^\s*(#|""".*"""$)/.test(line) || /^\s*class /.test(lines[index - 1] ?? ''))
    .map(line => line.replace(/ {2}# .*$/, ''))
    .join('\n');
}

/** A name, or one with a list in brackets that may have lists of its own. */
const type = String.raw`\w+(?:\[(?:[^[\]]|\[[^\]]*\])*\])?`;
const parameter = new RegExp(String.raw`(\w+): ${type}`, 'g');
const definition = /^(\s*def \w+)\((.*)\) -> .*:$/;
const variable = new RegExp(String.raw`^(\s*\w+): ${type} = `);

function withoutAnnotations(line: string): string {
  const [, start, parameters] = definition.exec(line) ?? [];
  if (start !== undefined && parameters !== undefined)
    return `${start}(${parameters.replace(parameter, '$1').replaceAll(' = ', '=')}):`;
  return line.replace(variable, '$1 = ');
}

/** Four blanks a level become one. */
function shallow(line: string): string {
  return line.replace(/^(?: {4})+/, blanks => ' '.repeat(blanks.length / 4));
}
