import { catalogue } from '../diagnostics/codes.ts';
import type { CommandIo } from './io.ts';
import type { Command } from './table.ts';

type Commands = Readonly<Record<string, Command>>;

/** Prints a completion script for a shell: commands, their options, and the codes of `explain`. */
export function completion(shell: string, commands: Commands, io: CommandIo): number {
  const script = completionScript(shell, commands);
  if (script === undefined) {
    io.err(`firstboot: there is no completion for ${shell}.\n  hint: it is bash, zsh or fish.\n`);
    return 2;
  }
  io.out(script);
  return 0;
}

/** The script for bash, zsh or fish; undefined for another shell. */
export function completionScript(shell: string, commands: Commands): string | undefined {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
    default:
      return undefined;
  }
}

const codes = () => Object.keys(catalogue).join(' ');

/** Words of a line: the first words of all commands. */
function firstWords(commands: Commands): string {
  return [...new Set(Object.keys(commands).map(name => name.split(' ')[0]))].join(' ');
}

function optionsOf(command: Command): string {
  return [...Object.keys(command.options).map(option => `--${option}`), '--help'].join(' ');
}

function bash(commands: Commands): string {
  const cases = Object.entries(commands).map(
    ([name, command]) =>
      `    "${name.split(' ')[0]}") words="${name.includes(' ') ? `${name.split(' ')[1]} ` : ''}${optionsOf(command)}" ;;`,
  );
  return `# bash completion for firstboot: source <(firstboot completion bash)
_firstboot() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words
  COMPREPLY=()
  case $previous in
    --cluster|--ca-key) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --out|--mirror) COMPREPLY=($(compgen -d -- "$current")); return ;;
    --key-type) COMPREPLY=($(compgen -W "rsa ec" -- "$current")); return ;;
    explain) COMPREPLY=($(compgen -W "${codes()}" -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${firstWords(commands)} --help --version"; else case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _firstboot firstboot
`;
}

function zsh(commands: Commands): string {
  return `#compdef firstboot
# zsh completion for firstboot: source <(firstboot completion zsh)
autoload -Uz bashcompinit && bashcompinit
${bash(commands)}`;
}

function fish(commands: Commands): string {
  const lines = Object.entries(commands).flatMap(([name, command]) => {
    const [first = '', second] = name.split(' ');
    const options = Object.entries(command.options).map(
      ([option, { value, help }]) =>
        `complete -c firstboot -n '__fish_seen_subcommand_from ${first}' -l ${option}${value ? ' -r' : ''} -d '${quote(help)}'`,
    );
    return [
      `complete -c firstboot -n __fish_use_subcommand -f -a ${first} -d '${quote(command.summary)}'`,
      ...(second ? [`complete -c firstboot -n '__fish_seen_subcommand_from ${first}' -f -a ${second}`] : []),
      ...options,
    ];
  });
  return `# fish completion for firstboot: firstboot completion fish | source
${lines.join('\n')}
complete -c firstboot -n '__fish_seen_subcommand_from explain' -f -a '${codes()}'
complete -c firstboot -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
`;
}

/** Single quotes in fish are escaped with a backslash. */
function quote(text: string): string {
  return text.replaceAll("'", "\\'");
}
