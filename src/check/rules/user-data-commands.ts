import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { printable } from '../../pki/name.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { isJsonMap, type Json, type JsonMap } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, fieldName, kindOf, own } from './user-data-subject.ts';

/** bootcmd and runcmd: a command that cloud-init cannot run makes it run none of the list, ours among them. */
export const userDataCommands: ClusterRule = ({ cluster }) =>
  ['bootcmd', 'runcmd'].flatMap((key): readonly Finding[] => {
    const commands = own(cluster, key);
    if (commands === undefined) return [];
    const origin = cloudInitOrigin(cluster, [key]);
    if (!Array.isArray(commands))
      return [finding('USER_DATA_SHAPE', origin, { key, expected: 'a list of commands', found: kindOf(commands) })];
    if (commands.length === 0) return [finding('USER_DATA_COMMANDS_EMPTY', origin, { key })];
    return commands.flatMap((command: Json, index) => commandFindings(cluster, [key, index], command));
  });

function commandFindings(cluster: Cluster, path: Path, command: Json): readonly Finding[] {
  // A comment in place of a command: runcmd passes over it, the schema of bootcmd does not.
  if (command === null && path[0] === 'runcmd') return [];
  if (!Array.isArray(command)) return wordFindings(cluster, path, command);
  return command.flatMap((word: Json, index) => wordFindings(cluster, [...path, index], word));
}

function wordFindings(cluster: Cluster, path: Path, word: Json): readonly Finding[] {
  if (typeof word === 'string') return [];
  const origin = cloudInitOrigin(cluster, path);
  const key = fieldName(path);
  if (isJsonMap(word)) return [finding('USER_DATA_COMMAND_MAP', origin, { key, begins: beginningOf(word) })];
  return [finding('USER_DATA_COMMAND_NUMBER', origin, { key, found: kindOf(word) })];
}

/** The program's name and no more: the rest of a command may hold a password. */
function beginningOf(command: JsonMap): string {
  const [first = ''] = Object.keys(command);
  return printable(/^[^\s=]*/.exec(first)?.[0] ?? '');
}
