import type { Origin, Path } from '../../diagnostics/origin.ts';
import { printable } from '../../pki/name.ts';
import type { Cluster } from '../../spec/resolve.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';

/** The place of something in the user's own cloud-config; `path` is below `cloudInit`. */
export function cloudInitOrigin(cluster: Cluster, path: Path, atKey = false): Origin {
  return { file: cluster.file, path: ['cloudInit', ...path], ...(atKey ? { atKey } : {}) };
}

/** A place as a message names it: `runcmd.2`. */
export function fieldName(path: Path): string {
  return printable(path.join('.'));
}

/** What a value is, never what it says: it may be a secret. Numbers and booleans say nothing secret. */
export function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'empty (null)';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (typeof value === 'string') return 'text';
  return isJsonMap(value) ? 'a map' : 'a list';
}

/** The user's value of a top-level key; undefined when it is not set. */
export function own(cluster: Cluster, key: string): Json | undefined {
  return Object.hasOwn(cluster.cloudInit, key) ? cluster.cloudInit[key] : undefined;
}
