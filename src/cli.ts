import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { commandHelp, helpPage } from './commands/help.ts';
import type { CommandIo } from './commands/io.ts';
import { type Command, commands, type ParsedOptions } from './commands/table.ts';
import { awsCommands } from './commands/table-aws.ts';
import { wrapped } from './commands/wrap.ts';
import { OperationError } from './diagnostics/operation-error.ts';
import { didYouMean } from './tree/did-you-mean.ts';

/** What the process gives: where results and diagnostics go, the time, where the user stands. `json` is read from the arguments. */
export type ProcessIo = Omit<CommandIo, 'json'>;

/** argv (without node and program) -> command -> exit code. */
export async function main(argv: readonly string[], io: ProcessIo): Promise<number> {
  const [first = ''] = argv;
  if (argv.length === 0) {
    io.err(helpPage(commands));
    return 2;
  }
  if (['--help', '-h', 'help'].includes(first)) {
    io.out(helpPage(commands));
    return 0;
  }
  if (['--version', '-V', 'version'].includes(first)) {
    io.out(`${versionOf(io)}\n`);
    return 0;
  }
  const name = [argv.slice(0, 2).join(' '), first].find(one => Object.hasOwn(commands, one));
  const command = name === undefined ? undefined : commands[name];
  if (name === undefined || !command) return noCommand(argv, io);
  const rest = argv.slice(name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(commandHelp(name, command));
    return 0;
  }
  return runCommand(name, command, rest, io);
}

async function runCommand(name: string, command: Command, rest: readonly string[], io: ProcessIo): Promise<number> {
  const parsed = parse(command, rest);
  const wrong = (problem: string, meant?: string) => {
    const hint = meant ? `did you mean ${meant}?` : `\`firstboot ${name} --help\` shows how.`;
    return usage(problem, hint, io, rest.includes('--json'));
  };
  if ('problem' in parsed) return wrong(parsed.problem, parsed.meant);
  const { options, operands } = parsed;
  const [least, most] = command.count ?? [0, 0];
  if (operands.length < least || operands.length > most) {
    return wrong(
      operands.length < least ? `${name} needs ${command.operands}` : `${name} takes no argument “${operands[most]}”`,
    );
  }
  // Not a copy: looking whether stderr is a terminal is left to whom it concerns.
  const commandIo: CommandIo = Object.create(io, { json: { value: options.json === true, enumerable: true } });
  try {
    return await command.run(options, operands, commandIo);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    io.err(failureText(error, Object.hasOwn(awsCommands, name)));
    if (commandIo.json) io.out(failureJson(error.code, error.message, error.hint));
    return 1;
  }
}

/** `wrap`: on the AWS side what is told is long and begins with no file name. */
function failureText({ code, message, hint }: OperationError, wrap: boolean): string {
  const told = `firstboot: ${code}: ${message}`;
  return wrap ? `${wrapped(told)}\n  ${wrapped(`hint: ${hint}`, '    ')}\n` : `${told}\n  hint: ${hint}\n`;
}

type Parsed =
  | { readonly options: ParsedOptions; readonly operands: readonly string[] }
  | { readonly problem: string; readonly meant?: string | undefined };

function parse(command: Command, rest: readonly string[]): Parsed {
  const known = Object.fromEntries(
    Object.entries(command.options).map(([option, { value, many }]) => [
      option,
      { type: value ? ('string' as const) : ('boolean' as const), multiple: many === true },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options: known,
      allowPositionals: true,
      strict: true,
    });
    for (const [option, { choices }] of Object.entries(command.options)) {
      const value = values[option];
      if (value === '' || (Array.isArray(value) && value.includes(''))) return { problem: `--${option} is empty` };
      if (choices && typeof value === 'string' && !choices.includes(value))
        return { problem: `--${option} is ${choices.join(' or ')}, not “${value}”` };
    }
    return { options: values as ParsedOptions, operands: positionals };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const unknown = /'(-[^' ]*)/.exec(message)?.[1];
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown) {
      const meant = didYouMean(unknown.replace(/^-+/, ''), Object.keys(command.options));
      return { problem: `there is no option ${unknown}`, meant: meant && `--${meant}` };
    }
    const option = /'(?:-\w, )?--([a-z-]+)/.exec(message)?.[1] ?? '';
    const { value } = command.options[option] ?? {};
    return { problem: value ? `--${option} needs a value (${value})` : `--${option} takes no value` };
  }
}

/** A word that no command has, or the first word of some that need a second. */
function noCommand([first = '', second]: readonly string[], io: ProcessIo): number {
  const below = Object.entries(commands).filter(([name]) => name.startsWith(`${first} `));
  if (below.length === 0) {
    const meant = didYouMean(first, Object.keys(commands));
    return usage(
      `there is no command ${first}`,
      meant ? `did you mean ${meant}?` : '`firstboot --help` lists them.',
      io,
    );
  }
  const pages = below.map(([name, command]) => commandHelp(name, command)).join('\n');
  if (second === '--help' || second === '-h') {
    io.out(pages);
    return 0;
  }
  return usage(`${first} is followed by a command`, `there is: ${below.map(([name]) => name).join(', ')}.`, io);
}

function usage(problem: string, hint: string, io: ProcessIo, json = false): number {
  io.err(`firstboot: ${problem}.\n  hint: ${hint}\n`);
  if (json) io.out(failureJson('USAGE', `${problem}.`, hint));
  return 2;
}

/** What is no diagnostic of a file has the same form, without a place. */
function failureJson(code: string, message: string, hint: string): string {
  return `${JSON.stringify({ diagnostics: [{ code, severity: 'error', message, hint, file: null, notes: [] }] })}\n`;
}

function versionOf(io: ProcessIo): string {
  return (JSON.parse(fs.readFileSync(`${io.packageFolder}/package.json`, 'utf8')) as { version: string }).version;
}
