import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { parseKubeconfigYaml } from '../../pki/kubeconfig-yaml.ts';

type Fields = Readonly<Record<string, unknown>>;
type Named = { readonly name: string; readonly fields: Fields };

/** What several kubeconfigs say together; paths are absolute. `source`: their names, for messages. */
export type Kubeconfig = {
  readonly source: string;
  readonly currentContext: string | undefined;
  readonly clusters: readonly Named[];
  readonly users: readonly Named[];
  readonly contexts: readonly Named[];
};

export type Environment = { readonly [name: string]: string | undefined };

/** --kubeconfig, else the files of KUBECONFIG, else ~/.kube/config; undefined where only the last could be meant, and is not there. */
export function readKubeconfig(given: string | undefined, cwd: string, env: Environment): Kubeconfig | undefined {
  if (given !== undefined) return read([path.resolve(cwd, given)], cwd);
  const listed = (env.KUBECONFIG ?? '').split(path.delimiter).filter(name => name !== '');
  const files = listed.map(name => path.resolve(cwd, name));
  const there = files.filter(file => fs.existsSync(file));
  // All of them missing: left to the reader, which names the first.
  if (files.length > 0) return read(there.length > 0 ? there : files.slice(0, 1), cwd);
  const usual = path.join(env.HOME ?? os.homedir(), '.kube/config');
  return fs.existsSync(usual) ? read([usual], cwd) : undefined;
}

function read(files: readonly string[], cwd: string): Kubeconfig {
  const parts = files.map(file => readFile(file, shown(file, cwd)));
  return {
    source: files.map(file => shown(file, cwd)).join(path.delimiter),
    // As kubectl: the first file to say something counts; of each name, too, the first entry is looked up.
    currentContext: parts.map(part => part.currentContext).find(name => name !== undefined),
    clusters: parts.flatMap(part => part.clusters),
    users: parts.flatMap(part => part.users),
    contexts: parts.flatMap(part => part.contexts),
  };
}

/** Relative to the working directory where it lies below it. */
function shown(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

function readFile(file: string, name: string): Omit<Kubeconfig, 'source'> {
  const parsed = parseKubeconfigYaml(readText(file, name));
  // The reason of a YAML error may quote the line, and so a token: the place alone is told.
  if (!parsed.ok) throw broken(name, 'it is not valid YAML', 'see what `kubectl config view` says of it.');
  const top = parsed.value ?? {};
  if (!isFields(top)) throw broken(name, 'it is no map', 'is it a kubeconfig?');
  const folder = path.dirname(file);
  const current = top['current-context'];
  return {
    currentContext: typeof current === 'string' && current !== '' ? current : undefined,
    clusters: entriesOf(top, 'clusters', 'cluster', name).map(one => absolute(one, folder, ['certificate-authority'])),
    users: entriesOf(top, 'users', 'user', name)
      .map(one => absolute(one, folder, ['client-certificate', 'client-key', 'tokenFile']))
      .map(one => absoluteCommand(one, folder)),
    contexts: entriesOf(top, 'contexts', 'context', name),
  };
}

function readText(file: string, name: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const words: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'it may not be read',
      EISDIR: 'it is a folder',
    };
    throw new OperationError(
      'KUBE_CONFIG_NOT_READ',
      `the kubeconfig ${name} cannot be read: ${words[code] ?? code}.`,
      'name another by --kubeconfig or KUBECONFIG.',
      error,
    );
  }
}

/** “clusters: [{name, cluster: {…}}]”. */
function entriesOf(top: Fields, list: string, field: string, file: string): readonly Named[] {
  const entries = top[list] ?? [];
  if (!Array.isArray(entries)) throw broken(file, `${list} is no list`, 'is it a kubeconfig?');
  return entries.map((entry: unknown, index) => {
    const name = isFields(entry) ? entry.name : undefined;
    const fields = isFields(entry) ? (entry[field] ?? {}) : undefined;
    if (typeof name !== 'string' || !isFields(fields))
      throw broken(file, `${list}[${index}] is not {name, ${field}: {…}}`, 'is it a kubeconfig?');
    return { name, fields };
  });
}

/** Paths in a kubeconfig are relative to its own folder. */
function absolute({ name, fields }: Named, folder: string, keys: readonly string[]): Named {
  const paths = keys.flatMap(key => {
    const value = fields[key];
    return typeof value === 'string' && value !== '' ? [[key, path.resolve(folder, value)] as const] : [];
  });
  return { name, fields: { ...fields, ...Object.fromEntries(paths) } };
}

/** As client-go: a command without a slash is looked for in PATH. */
function absoluteCommand({ name, fields }: Named, folder: string): Named {
  const { exec } = fields;
  if (!isFields(exec) || typeof exec.command !== 'string' || !exec.command.includes('/')) return { name, fields };
  return { name, fields: { ...fields, exec: { ...exec, command: path.resolve(folder, exec.command) } } };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function broken(file: string, what: string, hint: string, cause?: unknown): OperationError {
  return new OperationError('KUBE_CONFIG_BROKEN', `the kubeconfig ${file} cannot be used: ${what}.`, hint, cause);
}
