import type { KubeletConfiguration } from '../../compile/bundle.ts';
import type { Finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { type Cluster, versionOf } from '../../spec/resolve.ts';
import { isJsonMap, type JsonMap, valueAt } from '../../tree/merge.ts';
import type { ClusterContext } from '../context.ts';
import { firstMinor, gatesOf, lastMinor, whenRemoved } from '../kubernetes/tables.ts';
import { parseDuration } from './kubelet-units.ts';

/** What the rules about a KubeletConfiguration look at: it, the cluster, and the minor version that judges it. */
export type KubeletSubject = {
  readonly kubelet: KubeletConfiguration;
  readonly config: JsonMap;
  readonly context: ClusterContext;
  /** 36 is Kubernetes 1.36; the nearest that the tables know. */
  readonly minor: number;
  readonly version: string;
};

export type KubeletConcern = (subject: KubeletSubject) => readonly Finding[];

/** The kubelet's minor version, moved into the range of the tables (SPEC_KUBERNETES_VERSION reports one outside). */
export function minorOf(cluster: Cluster): number {
  const minor = Number(/^1\.(\d+)/.exec(versionOf(cluster, 'kubelet') ?? '')?.[1] ?? lastMinor);
  return Math.min(Math.max(minor, firstMinor), lastMinor);
}

export function pathOf(field: string): Path {
  return field.split('.');
}

/** The value of a field ("authentication.anonymous.enabled") of the merged configuration; null counts as not set. */
export function read(config: JsonMap, field: string): unknown {
  return valueAt(config, pathOf(field)) ?? undefined;
}

/** The readers below give the kubelet's default where a field is not set, or not of its type (which is reported as such). */
export function text(config: JsonMap, field: string, fallback = ''): string {
  const value = read(config, field);
  // The kubelet's own defaults replace the empty string, too.
  return typeof value === 'string' && value !== '' ? value : fallback;
}

export function number(config: JsonMap, field: string, fallback: number): number {
  const value = read(config, field);
  return typeof value === 'number' ? value : fallback;
}

export function bool(config: JsonMap, field: string, fallback: boolean): boolean {
  const value = read(config, field);
  return typeof value === 'boolean' ? value : fallback;
}

/** Nanoseconds. */
export function duration(config: JsonMap, field: string, fallback: number): number {
  const value = read(config, field);
  return (typeof value === 'string' ? parseDuration(value) : undefined) ?? fallback;
}

export function list(config: JsonMap, field: string): readonly unknown[] {
  const value = read(config, field);
  return Array.isArray(value) ? value : [];
}

/** The entries of a map of strings, in the order of the file. */
export function strings(config: JsonMap, field: string): readonly (readonly [string, string])[] {
  const value = read(config, field);
  return isJsonMap(value)
    ? Object.entries(value).flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry] as const] : []))
    : [];
}

/** Whether a feature is on: as set, by AllAlpha and AllBeta, by default; one whose gate is gone is on. */
export function enabled({ config, minor }: KubeletSubject, gate: string): boolean {
  const set = valueAt(config, ['featureGates', gate]);
  if (typeof set === 'boolean') return set;
  const known = gatesOf(minor).get(gate);
  if (!known) return (whenRemoved('gate', gate) ?? Number.POSITIVE_INFINITY) <= minor;
  const all = known.stage === 'ALPHA' ? 'AllAlpha' : known.stage === 'BETA' ? 'AllBeta' : undefined;
  const value = all && !known.locked ? valueAt(config, ['featureGates', all]) : undefined;
  return typeof value === 'boolean' ? value : known.default;
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined || value === '') return 'not set';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
