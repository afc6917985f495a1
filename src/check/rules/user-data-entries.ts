import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, fieldName, kindOf, own } from './user-data-subject.ts';

/** Entries of the lists of users and packages, as cloud-init 22.4.2 and all later ones take them (config/schemas). */
export const userDataEntries: ClusterRule = ({ cluster }) => [
  ...entriesOf(cluster, 'users').flatMap((entry, index) => judgeUser(cluster, entry, ['users', index])),
  ...entriesOf(cluster, 'packages').flatMap((entry, index) => judgePackage(cluster, entry, ['packages', index])),
];

function entriesOf(cluster: Cluster, key: string): readonly Json[] {
  const value = own(cluster, key);
  return Array.isArray(value) ? value : [];
}

const text = (value: Json) => typeof value === 'string';
const truth = (value: Json) => typeof value === 'boolean';
const listOfText = (value: Json) => Array.isArray(value) && value.length > 0 && value.every(text);

/** Fields of a user, by what they must be. */
const fields: readonly {
  readonly names: string;
  readonly expected: string;
  readonly fits: (value: Json) => boolean;
}[] = [
  {
    names:
      'name expiredate gecos homedir inactive passwd hashed_passwd plain_text_passwd primary_group selinux_user shell snapuser',
    expected: 'text',
    fits: text,
  },
  {
    names: 'lock_passwd no_create_home no_log_init no_user_group create_groups ssh_redirect_user system',
    expected: 'true or false',
    fits: truth,
  },
  {
    names: 'ssh_authorized_keys ssh_import_id doas',
    expected: 'a list of text with something in it',
    fits: listOfText,
  },
  // A list is new in 24.2.
  { names: 'sudo', expected: 'text', fits: value => text(value) || value === null || value === false },
  { names: 'uid', expected: 'a number', fits: value => text(value) || Number.isInteger(value) },
  {
    names: 'groups',
    expected: 'text or a list',
    fits: value => text(value) || Array.isArray(value) || isJsonMap(value),
  },
];
const known = fields.flatMap(({ names }) => names.split(' '));

function judgeUser(cluster: Cluster, entry: Json, path: Path): readonly Finding[] {
  if (text(entry) || listOfText(entry)) return [];
  if (!isJsonMap(entry)) return [shape(cluster, path, 'a name, or a map of a user', kindOf(entry))];
  const named = 'name' in entry || 'snapuser' in entry;
  const nameless = named ? [] : [shape(cluster, path, 'a map with a name', 'one without')];
  return [...nameless, ...Object.entries(entry).flatMap(([key, value]) => judgeField(cluster, key, value, path))];
}

function judgeField(cluster: Cluster, key: string, value: Json, path: Path): readonly Finding[] {
  // Names with dashes are deprecated spellings, which another rule speaks of.
  const field = fields.find(({ names }) => names.split(' ').includes(key.replaceAll('-', '_')));
  const at = [...path, key];
  if (!field) {
    const args = { key: fieldName(at), meant: didYouMean(key, known) };
    return [finding('USER_DATA_KEY_UNKNOWN', cloudInitOrigin(cluster, at, true), args)];
  }
  return field.fits(value) ? [] : [shape(cluster, at, field.expected, kindOf(value))];
}

function judgePackage(cluster: Cluster, entry: Json, path: Path): readonly Finding[] {
  const isVersioned = Array.isArray(entry) && entry.length === 2 && entry.every(text);
  return text(entry) || isVersioned
    ? []
    : [shape(cluster, path, 'a name, or a list of name and version', kindOf(entry))];
}

function shape(cluster: Cluster, path: Path, expected: string, found: string): Finding {
  return finding('USER_DATA_SHAPE', cloudInitOrigin(cluster, path), { key: fieldName(path), expected, found });
}
