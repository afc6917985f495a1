import { providedPaths } from '../../compile/provided.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { printable } from '../../pki/name.ts';
import { isJsonMap, type Json, type JsonMap } from '../../tree/merge.ts';
import type { ClusterContext, ClusterRule } from '../context.ts';
import { cloudInitOrigin, fieldName, kindOf, own } from './user-data-subject.ts';

/** Folders that are firstboot's with all that is below them. */
const folders = ['/usr/local/lib/firstboot', '/var/lib/firstboot'];
/** The fields of an entry, as of cloud-init 22.4; `source` came with 24.3 and has a code of its own. */
const fields = ['path', 'content', 'encoding', 'permissions', 'owner', 'append', 'defer'];
const encodings = /^(?:gz|gzip|(?:gz|gzip)\+(?:b64|base64)|b64|base64|text\/plain)$/;

/** write_files: entries that every cloud-init takes, at paths that are not firstboot's. */
export const userDataFiles: ClusterRule = context => {
  const { cluster } = context;
  const files = own(cluster, 'write_files');
  if (files === undefined) return [];
  if (!Array.isArray(files)) {
    const shape = { key: 'write_files', expected: 'a list of files', found: kindOf(files) };
    return [finding('USER_DATA_SHAPE', cloudInitOrigin(cluster, ['write_files']), shape)];
  }
  const taken = takenPaths(context);
  return files.flatMap((entry: Json, index) => entryFindings(context, ['write_files', index], entry, taken));
};

function entryFindings(
  { cluster }: ClusterContext,
  at: Path,
  entry: Json,
  taken: ReadonlyMap<string, string>,
): readonly Finding[] {
  const shape = (path: Path, expected: string, found: string) =>
    finding('USER_DATA_SHAPE', cloudInitOrigin(cluster, path), { key: fieldName(path), expected, found });
  if (!isJsonMap(entry)) return [shape(at, 'a map with a path', kindOf(entry))];
  const { path, permissions, source } = entry;
  if (path === undefined) return [shape(at, 'a map with a path', 'a map without one')];
  if (typeof path !== 'string') return [shape([...at, 'path'], 'text', kindOf(path))];
  if (!path.startsWith('/')) return [shape([...at, 'path'], 'an absolute path', 'relative')];
  const findings: Finding[] = shapesOf(entry).map(([key, expected, found]) => shape([...at, key], expected, found));
  if (permissions !== undefined && !(typeof permissions === 'string' && /^(?:0o)?[0-7]{3,4}$/.test(permissions))) {
    const found = typeof permissions === 'string' ? `“${printable(permissions)}”` : kindOf(permissions);
    const origin = cloudInitOrigin(cluster, [...at, 'permissions']);
    findings.push(finding('USER_DATA_FILE_MODE', origin, { path: printable(path), found }));
  }
  if (source !== undefined) {
    const origin = cloudInitOrigin(cluster, [...at, 'source'], true);
    findings.push(finding('USER_DATA_FILE_SOURCE', origin, { path: printable(path) }));
  }
  const what = ownerOf(normalized(path), taken);
  if (what !== undefined) {
    const origin = cloudInitOrigin(cluster, [...at, 'path']);
    findings.push(finding('USER_DATA_FILE_OURS', origin, { path: printable(path), what }));
  }
  return findings;
}

function shapesOf(entry: JsonMap): readonly (readonly [string, string, string])[] {
  const { content, owner, encoding, append, defer } = entry;
  const isNot = (value: Json | undefined, type: string) => value !== undefined && typeof value !== type;
  return [
    ...(isNot(content, 'string') ? [['content', 'text', kindOf(content)] as const] : []),
    ...(isNot(owner, 'string') ? [['owner', 'text', kindOf(owner)] as const] : []),
    ...(isNot(append, 'boolean') ? [['append', 'true or false', kindOf(append)] as const] : []),
    ...(isNot(defer, 'boolean') ? [['defer', 'true or false', kindOf(defer)] as const] : []),
    ...(encoding !== undefined && !(typeof encoding === 'string' && encodings.test(encoding))
      ? [
          [
            'encoding',
            'one of b64, gz+b64, gz and text/plain',
            typeof encoding === 'string' ? 'another' : kindOf(encoding),
          ] as const,
        ]
      : []),
    ...Object.keys(entry)
      .filter(key => !fields.includes(key) && key !== 'source')
      .map(key => [key, `one of ${fields.join(', ')}`, 'a field that cloud-init does not know'] as const),
  ];
}

/** Every path that firstboot writes, and the folders above them, which no file can be. */
function takenPaths({ cluster, inputs }: ClusterContext): ReadonlyMap<string, string> {
  const taken = new Map<string, string>(inputs.bootProgram.map(({ path }) => [path, 'the boot program’s']));
  for (const { path, what, component } of providedPaths(cluster, inputs)) {
    taken.set(path, `${what} of the component ${component}`);
  }
  for (const path of [...taken.keys()]) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (taken.has(folder)) break;
      taken.set(folder, `a folder that firstboot writes ${path} into`);
    }
  }
  return taken;
}

function ownerOf(path: string, taken: ReadonlyMap<string, string>): string | undefined {
  if (folders.some(folder => path === folder || path.startsWith(`${folder}/`)))
    return 'in a folder of the boot program';
  return taken.get(path);
}

/** The path without doubled slashes, `.` and `..`, as the kernel would walk it where no link is in the way. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
