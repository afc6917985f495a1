import type { OverlayFile } from '../../compile/component.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin, Path } from '../../diagnostics/origin.ts';
import { printable } from '../../pki/name.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import { decodeText } from '../../tree/text.ts';
import type { ClusterRule } from '../context.ts';
import { decodeBase64, findCredentials, findPrivateKey, type Sighting } from './user-data-patterns.ts';
import { cloudInitOrigin, fieldName } from './user-data-subject.ts';

/** Keys of cloud-config whose value is a credential, whatever it looks like. */
const secretKeys = /^(?:password|(?:hashed[_-]|plain[_-]text[_-])?passwd|token|secret)$/;
/** Values that say there is none: a locked account, or one that cloud-init makes up. */
const noSecret = /^(?:[!*x]{0,2}|R|RANDOM)$/;

type Text = { readonly text: string; readonly path: Path };

/** Secrets in what travels as user-data: the user's own cloud-config and the files of their components. Kind and place only. */
export const userDataSecrets: ClusterRule = ({ cluster, inputs }) => [
  ...textsOf(cluster.cloudInit, []).flatMap(({ text, path }) => {
    const origin = cloudInitOrigin(cluster, path);
    return inText(text, path).map(one => report(one, `cloudInit.${fieldName(path)}`, () => origin));
  }),
  ...encodedFiles(cluster.cloudInit.write_files).flatMap(({ text, path }) => {
    const origin = cloudInitOrigin(cluster, path);
    return inText(decodeBase64(text), path).map(one => report(one, `cloudInit.${fieldName(path)}`, () => origin));
  }),
  ...(inputs.components ?? [])
    .filter(component => !component.file.startsWith('firstboot:'))
    .flatMap(component => component.overlay.flatMap(file => inFile(file, component.name))),
];

type Found = Sighting & { readonly isKey: boolean };

function inText(text: string, path: Path): readonly Found[] {
  const found = inAnyText(text);
  const key = path.at(-1);
  const isSecret = typeof key === 'string' && secretKeys.test(key) && !noSecret.test(text);
  const isList = path.join('.') === 'chpasswd.list' && /^[^\s:]+:(?!R$|RANDOM$)\S/m.test(text);
  if (found.length > 0 || !(isSecret || isList)) return found;
  return [{ kind: 'a password or token', offset: 0, isKey: false }];
}

function inFile(file: OverlayFile, component: string): readonly Finding[] {
  const decoded = decodeText(file.bytes);
  if (!decoded.ok) return [];
  const where = `${printable(file.path)} of the component ${component}`;
  return inAnyText(decoded.text).map(one => report(one, where, offset => ({ file: file.name, offset })));
}

/** A key is reported alone: its own base64 may look like anything. */
function inAnyText(text: string): readonly Found[] {
  const key = findPrivateKey(text);
  return key ? [{ ...key, isKey: true }] : findCredentials(text).map(one => ({ ...one, isKey: false }));
}

function report({ kind, offset, isKey }: Found, where: string, originAt: (offset: number) => Origin): Finding {
  return finding(isKey ? 'USER_DATA_SECRET' : 'USER_DATA_CREDENTIAL', originAt(offset), { where, kind });
}

function textsOf(value: Json, path: Path): readonly Text[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((one: Json, index) => textsOf(one, [...path, index]));
  return isJsonMap(value) ? Object.entries(value).flatMap(([key, one]) => textsOf(one, [...path, key])) : [];
}

/** Contents that write_files decodes: base64 that is not compressed. */
function encodedFiles(files: Json | undefined): readonly Text[] {
  if (!Array.isArray(files)) return [];
  return files.flatMap((entry: Json, index): readonly Text[] => {
    if (!isJsonMap(entry) || typeof entry.content !== 'string') return [];
    const isEncoded = entry.encoding === 'b64' || entry.encoding === 'base64';
    // What is found in the encoded form already is not found again.
    if (!isEncoded || inAnyText(entry.content).length > 0) return [];
    return [{ text: entry.content, path: ['write_files', index, 'content'] }];
  });
}
