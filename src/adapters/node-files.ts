import fs from 'node:fs';
import path from 'node:path';
import type { Files, ReadResult } from '../ports/files.ts';
import { builtIn, listBuiltIn, packagePrefix } from './built-in.ts';

const defaultLimit = 1024 * 1024;
/** cluster.yaml of 10,000 workers has half a megabyte; a 100 MB file is a slip. */
const yamlLimit = 16 * 1024 * 1024;

/** Files of the cluster's folder, and of firstboot itself (`firstboot:…`), from the disk. */
export function nodeFiles(clusterFolder: string, packageFolder: string): Files {
  const resolve = (name: string) =>
    name.startsWith(packagePrefix)
      ? path.join(packageFolder, name.slice(packagePrefix.length))
      : path.resolve(clusterFolder, name);
  return {
    read: (name, options = {}) => {
      const own = builtIn(packageFolder, name);
      if (own) return own;
      const limit = options.limit ?? (/\.ya?ml$/.test(name) ? yamlLimit : defaultLimit);
      return readFile(resolve(name), limit, options.within === undefined ? undefined : resolve(options.within));
    },
    list: folder => listBuiltIn(packageFolder, folder) ?? listFiles(resolve(folder)),
  };
}

function readFile(file: string, limit: number, within: string | undefined): ReadResult {
  try {
    if (within !== undefined && fs.lstatSync(file).isSymbolicLink()) {
      const target = fs.realpathSync(file);
      if (!target.startsWith(`${fs.realpathSync(within)}${path.sep}`))
        return { kind: 'escapes', target: fs.readlinkSync(file) };
    }
    // A fifo or device would block or never end, so it is looked at before it is opened; the size is checked on the open file.
    const stat = fs.statSync(file);
    if (stat.isDirectory()) return { kind: 'folder' };
    if (!stat.isFile()) return { kind: 'special', what: 'a device, socket or pipe' };
    if (stat.size > limit) return { kind: 'too-large', size: stat.size, limit };
    return { kind: 'file', bytes: fs.readFileSync(file), executable: (stat.mode & 0o111) !== 0 };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return missing(file);
    if (code === 'EACCES' || code === 'EPERM') return { kind: 'unreadable', reason: 'permission denied' };
    if (code === 'ELOOP') return { kind: 'unreadable', reason: 'its symbolic links run in a circle' };
    return { kind: 'unreadable', reason: message };
  }
}

function missing(file: string): ReadResult {
  try {
    return { kind: 'missing', link: fs.readlinkSync(file) };
  } catch {
    return { kind: 'missing' };
  }
}

function listFiles(folder: string): readonly string[] | undefined {
  const walk = (below: string): string[] =>
    fs.readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap(entry => {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? walk(name) : [name];
    });
  try {
    return walk('').sort();
  } catch {
    return undefined;
  }
}
