import fs from 'node:fs';
import path from 'node:path';
import { readyPath } from '../../src/emit/boot-manifest.ts';
import { inRoot, listRoot, type RootFile } from '../../src/local/scratch-root.ts';

/** Path on the node -> mode, size and digest. */
export type Tree = ReadonlyMap<string, RootFile>;

/** Times and counts are in it, so two runs are not alike. */
const timed = '/var/lib/firstboot/report.json';

export function treeOf(root: string): Tree {
  return new Map(listRoot(root).map(file => [file.path, file]));
}

/** The tree for a comparison with another one: `path mode digest`, one a line. */
export function comparable(tree: Tree): readonly string[] {
  return [...tree.values()].map(({ path: name, mode, sha256 }) => `${name} ${mode} ${name === timed ? '' : sha256}`);
}

export function foldersOf(root: string): readonly string[] {
  const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isDirectory());
  return entries
    .map(entry => path.join(entry.parentPath, entry.name))
    .map(folder => `/${path.relative(root, folder)} ${(fs.statSync(folder).mode & 0o7777).toString(8)}`)
    .sort();
}

/** What is not as it has to be at any moment: a file under its final name that is not whole, or open to more than it should be. */
export function torn(root: string, whole: Tree): readonly string[] {
  return [...treeOf(root).values()].flatMap(file => {
    if (file.path === readyPath) return [];
    const final = whole.get(file.path) ?? whole.get(file.path.replace(/\.firstboot$/, ''));
    // Where an archive grows that is unpacked once it is whole.
    if (/^\/var\/lib\/firstboot\/[0-9a-f]{64}\.firstboot$/.test(file.path) && file.mode === '0600') return [];
    if (!final) return [`${file.path} is in no undisturbed run`];
    const wide = Number.parseInt(file.mode, 8) & ~Number.parseInt(final.mode, 8);
    const isWhole = final.path !== file.path || isReport(root, file) || file.sha256 === final.sha256;
    return [...(wide ? [`${file.path} has mode ${file.mode}`] : []), ...(isWhole ? [] : [`${file.path} is not whole`])];
  });
}

/** report.json and state.json grow from phase to phase, and are JSON at any time. */
function isReport(root: string, { path: name }: RootFile): boolean {
  if (!/^\/var\/lib\/firstboot\/(report|state)\.json$/.test(name)) return false;
  JSON.parse(fs.readFileSync(inRoot(root, name), 'utf8'));
  return true;
}

/** Files that hold any of these bytes, but for the key's own and the one it grows in, when they are 0600. */
export function leaks(root: string, needles: readonly Buffer[], keyPath: string): readonly string[] {
  const places = fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name));
  const holding = places.filter(file => {
    const content = fs.readFileSync(file);
    return needles.some(needle => content.includes(needle));
  });
  const own = [inRoot(root, keyPath), inRoot(root, `${keyPath}.firstboot`)];
  return holding.filter(file => !own.includes(file) || (fs.statSync(file).mode & 0o7777) !== 0o600);
}
