import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readUserData } from '../../src/emit/read-user-data.ts';
import { type Built, layOut } from '../real/cluster.ts';
import { run } from '../real/lab.ts';

/** A file as it lies on a machine. */
export type Entry = { readonly mode: string; readonly owner: string; readonly sha256: string };
export type Tree = Readonly<Record<string, Entry>>;

/** Written on the node from what it learns there; a check of its own looks at what it says. */
export const dropIn = '/etc/kubernetes/kubelet.conf.d/10-node.conf';
const unknown = 'as the node has it';
export const folder = 'a folder';

const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** The files of a worker that is done, and the folders whose mode matters: all that its bytes say, and no other. */
export function expectedTree(built: Built): Tree {
  const { files, manifest } = readUserData(readFileSync(join(built.folder, 'user-data')));
  const { folders } = manifest as typeof manifest & { readonly folders: Readonly<Record<string, string>> };
  const laidOut = layOut(built);
  const entry = (mode: string, sha256: string): Entry => ({ mode, owner: '0:0', sha256 });
  return Object.fromEntries([
    ...files
      .filter(({ path }) => path !== '/var/lib/firstboot/ready') // its existence is the message; taken away once read
      .map(({ path, mode, content }) => [path, entry(mode, digest(content))]),
    ...Object.entries(manifest.archive).map(([path, mode]) => [
      path,
      entry(mode, digest(readFileSync(join(laidOut, path)))),
    ]),
    ...manifest.binaries.flatMap(({ install, unpack, sha256, files: members = {} }) =>
      install === undefined
        ? Object.entries(members).map(([name, found]) => [join(unpack ?? '', name), entry('0755', found)])
        : [[install, entry('0755', sha256)]],
    ),
    ...Object.entries(folders).map(([path, mode]) => [path, entry(mode, folder)]),
    [dropIn, entry('0600', unknown)],
  ]);
}

/** Folders that others write to as well: only what is ours, or begins as ours does, counts there. */
const shared = [
  /^\/etc(\/(systemd\/system|sysctl\.d|modules-load\.d|profile\.d))?$/,
  /^\/var\/lib\/(kubelet|firstboot)$/,
];

/** What lies below `root` where those files belong: each of them that is there, and every other file beside it. */
export function treeOf(root: string, expected: Tree): Tree {
  const ours = Object.keys(expected);
  const isFolder = (path: string) => expected[path]?.sha256 === folder;
  const homes = new Set(ours.filter(path => !isFolder(path)).map(path => dirname(path)));
  const files = [...homes].flatMap(home => {
    const paths = filesIn(root, home);
    return shared.some(pattern => pattern.test(home))
      ? paths.filter(path => ours.some(one => path === one || path.startsWith(`${one}.`)))
      : paths;
  });
  const folders = ours.filter(path => isFolder(path) && existsSync(join(root, path)));
  return Object.fromEntries([...folders, ...files].map(path => [path, entryOf(root, path)]));
}

function filesIn(root: string, home: string): readonly string[] {
  const full = join(root, home);
  if (!existsSync(full)) return [];
  const entries = readdirSync(full, { withFileTypes: true });
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(home, entry.name));
}

function entryOf(root: string, path: string): Entry {
  const file = join(root, path);
  const stat = lstatSync(file);
  const kept = path === dropIn ? unknown : undefined;
  return {
    mode: `0${(stat.mode & 0o7777).toString(8)}`,
    owner: `${stat.uid}:${stat.gid}`,
    sha256: stat.isDirectory() ? folder : (kept ?? digest(readFileSync(file))),
  };
}

/** Paths below `root` that hold this private key, wholly or in part. */
export function filesWithKey(root: string, keyFile: string): readonly string[] {
  const middle = readFileSync(keyFile, 'utf8').split('\n')[10] ?? '';
  if (middle.length < 60) throw new Error(`${keyFile} is not an RSA key in PEM`);
  const { stdout } = run(['grep', '-rlaF', '--', middle, root]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(path => path.slice(root.length))
    .sort();
}
