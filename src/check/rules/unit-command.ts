import { linesOf, type UnitLine, type UnitSubject } from './unit-subject.ts';

/** A command line of a unit: `prefixes` are systemd's (@ - : + ! |), `words` what the program gets, variables filled in. */
export type UnitCommand = {
  readonly key: string;
  readonly line: UnitLine;
  readonly prefixes: string;
  readonly program: string;
  readonly words: readonly string[];
};

export type CommandFlag = { readonly name: string; readonly value: string | undefined };

const execKeys = [
  'ExecCondition',
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'ExecStopPost',
];

export function commandsOf(subject: UnitSubject): readonly UnitCommand[] {
  const environment = environmentOf(subject);
  return execKeys.flatMap(key =>
    linesOf(subject, 'Service', key).map(line => {
      const [, prefixes = '', rest = ''] = /^([@\-:+!|]*)\s*(.*)$/s.exec(line.value) ?? [];
      const [program = '', ...words] = splitWords(rest);
      return { key, line, prefixes, program, words: words.flatMap(word => expand(word, environment)) };
    }),
  );
}

/** Variables of Environment=; what an EnvironmentFile= sets is not known here. */
export function environmentOf(subject: UnitSubject): ReadonlyMap<string, string> {
  return new Map(assignmentsOf(subject).map(({ name, value }) => [name, value]));
}

/** Every variable of Environment= with its line, in order. */
export function assignmentsOf(
  subject: UnitSubject,
): readonly { readonly name: string; readonly value: string; readonly line: UnitLine }[] {
  return linesOf(subject, 'Service', 'Environment').flatMap(line =>
    splitWords(line.value).flatMap(word => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(word) ?? [];
      return name === undefined ? [] : [{ name, value: value ?? '', line }];
    }),
  );
}

/** `$NAME` alone splits into words, `${NAME}` stays one, as systemd.service(5) says; an unknown variable stays as it is. */
function expand(word: string, environment: ReadonlyMap<string, string>): readonly string[] {
  const bare = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
  const known = bare === undefined ? undefined : environment.get(bare);
  if (known !== undefined) return known.split(/\s+/).filter(part => part !== '');
  return [word.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (text, name: string) => environment.get(name) ?? text)];
}

/** Words as systemd splits them: blanks part, quotes around a word or a part of it and a backslash keep together. */
export function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/gs) ?? [];
  return words.map(word =>
    word.replaceAll(
      /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'/gs,
      (_, double?: string, single?: string) => double ?? single ?? '',
    ),
  );
}

/** The flags of a command. `isBare` tells of a flag whether it takes no value from the next word. */
export function flagsIn(
  words: readonly string[],
  isBare: (name: string) => boolean = () => false,
): readonly CommandFlag[] {
  const flags: CommandFlag[] = [];
  for (let index = 0; index < words.length; index++) {
    const [, name, value] = /^--([^=\s]+)(?:=(.*))?$/s.exec(words[index] ?? '') ?? [];
    if (name === undefined) continue;
    const next = words[index + 1];
    const takesNext = value === undefined && !isBare(name) && next !== undefined && !next.startsWith('-');
    flags.push({ name, value: takesNext ? next : value });
    if (takesNext) index++;
  }
  return flags;
}
