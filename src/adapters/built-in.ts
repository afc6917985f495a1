import fs from 'node:fs';
import path from 'node:path';
import type { ReadResult } from '../ports/files.ts';

/** Files of firstboot itself are named `firstboot:bundles/kubelet/bundle.yaml` and so on. */
export const packagePrefix = 'firstboot:';

/** True in the built program, which has all of them in one file, with their YAML parsed; from source they are read where they lie. */
declare const __built: boolean | undefined;

type BuiltInFile = { readonly text: string; readonly executable: boolean; readonly parsed?: unknown };
type BuiltIn = Readonly<Record<string, BuiltInFile>>;

let files: BuiltIn | undefined;

/** A file of firstboot itself; undefined for any other, and when the program is not a built one. */
export function builtIn(packageFolder: string, name: string): ReadResult | undefined {
  const file = name.startsWith(packagePrefix) ? load(packageFolder)?.[name.slice(packagePrefix.length)] : undefined;
  return file && { kind: 'file', bytes: Buffer.from(file.text), executable: file.executable, parsed: file.parsed };
}

export function listBuiltIn(packageFolder: string, folder: string): readonly string[] | undefined {
  if (!folder.startsWith(packagePrefix)) return undefined;
  const below = `${folder.slice(packagePrefix.length)}/`;
  const names = Object.keys(load(packageFolder) ?? {}).filter(name => name.startsWith(below));
  return names.length > 0 ? names.map(name => name.slice(below.length)) : undefined;
}

function load(packageFolder: string): BuiltIn | undefined {
  if (typeof __built === 'undefined') return undefined;
  files ??= JSON.parse(fs.readFileSync(path.join(packageFolder, 'dist/built-in.json'), 'utf8')) as BuiltIn;
  return files;
}
