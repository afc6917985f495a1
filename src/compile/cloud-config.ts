import { isJsonMap, type Json, type JsonMap, mergeDeep } from '../tree/merge.ts';

/** Lists that both sides may fill. What is ours comes first, since the node must come up even when a command of the user's fails. */
const joined = ['bootcmd', 'runcmd', 'users'] as const;

/**
 * The user's cloud-config merged into ours: commands and users follow ours, maps merge, of anything else the user's wins (rules
 * forbid what would break ours). Neither argument is changed. `write_files` is the user's own: the emitter writes ours after it.
 */
export function mergeCloudConfig(skeleton: JsonMap, user: JsonMap): JsonMap {
  const lists = joined.flatMap((key): [string, Json][] => {
    const ours = skeleton[key];
    const theirs = Object.hasOwn(user, key) ? user[key] : undefined;
    if (!Array.isArray(ours) || theirs === undefined) return [];
    return [[key, key === 'users' ? joinUsers(ours, theirs) : [...ours, ...listOf(theirs)]]];
  });
  return { ...mergeDeep(skeleton, user), ...Object.fromEntries(lists) };
}

/** The image's own user stays, once: a user list without `default` would do away with it. */
function joinUsers(ours: readonly Json[], theirs: Json): readonly Json[] {
  const own = listOf(theirs);
  return [...ours.filter(user => !own.some(other => nameOf(other) === nameOf(user))), ...own];
}

function nameOf(user: Json): Json | undefined {
  return isJsonMap(user) ? user.name : user;
}

/** Anything but a list is reported by a rule and never emitted; null says nothing. */
function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
