import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../../diagnostics/operation-error.ts';

/** Program -> its packages on Debian and Ubuntu, and on Fedora. */
const packages = {
  'qemu-system-x86_64': ['qemu-system-x86', 'qemu-system-x86-core'],
  'qemu-system-aarch64': ['qemu-system-arm', 'qemu-system-aarch64-core'],
  'qemu-img': ['qemu-utils', 'qemu-img'],
  dnsmasq: ['dnsmasq-base', 'dnsmasq'],
  ip: ['iproute2', 'iproute'],
  unshare: ['util-linux', 'util-linux'],
  setpriv: ['util-linux', 'util-linux'],
} as const;

export type Tool = keyof typeof packages;

/** Not on every user's PATH. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Where each program lies; all that are missing are named in one error. `search`: the value of PATH. */
export function findTools<Name extends Tool>(names: readonly Name[], search: string): Readonly<Record<Name, string>> {
  const folders = [...search.split(path.delimiter).filter(folder => path.isAbsolute(folder)), ...systemFolders];
  const found = names.map(name => [name, folders.map(folder => path.join(folder, name)).find(isProgram)] as const);
  const missing = found.filter(([, file]) => file === undefined).map(([name]) => name);
  if (missing.length > 0) throw toolsMissing(missing);
  return Object.fromEntries(found) as Record<Name, string>;
}

function toolsMissing(names: readonly Tool[]): OperationError {
  const install = (column: 0 | 1) => [...new Set(names.map(name => packages[name][column]))].join(' ');
  return new OperationError(
    'MACHINE_TOOL_MISSING',
    `a local machine needs ${names.join(', ')}, which ${names.length > 1 ? 'are' : 'is'} not on this machine.`,
    `Debian and Ubuntu: \`apt install ${install(0)}\`; Fedora: \`dnf install ${install(1)}\`.`,
  );
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
