import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { isJsonMap } from '../../tree/merge.ts';
import { type FieldTree, type FieldType, fieldsOf, whenAdded, whenRemoved } from '../kubernetes/tables.ts';
import { originOf } from './kubelet-origin.ts';
import type { KubeletConcern, KubeletSubject } from './kubelet-subject.ts';
import { parseDuration, parseQuantity } from './kubelet-units.ts';

/** Every field of the configuration is one that this Kubernetes knows, and has a value of its type. */
export const kubeletFields: KubeletConcern = subject =>
  walkFields(subject, subject.config, fieldsOf(subject.minor), []);

/** `path` has the indices of lists, the names that the tables know have not. */
function walkFields(subject: KubeletSubject, value: object, known: FieldTree, path: Path): readonly Finding[] {
  return Object.entries(value).flatMap(([name, below]) => {
    const type = known.get(name);
    return type === undefined
      ? [unknownField(subject, known, [...path, name])]
      : walk(subject, below, type, [...path, name]);
  });
}

function unknownField({ kubelet, minor, version }: KubeletSubject, known: FieldTree, path: Path): Finding {
  const name = path.filter(part => typeof part === 'string').join('.');
  const [removed, added] = [whenRemoved('field', name), whenAdded('field', name)];
  const field = path.join('.');
  const origin = originOf(kubelet, [path], true);
  if (removed !== undefined && removed <= minor)
    return finding('KUBELET_FIELD_VERSION', origin, { field, version, added: undefined, removed: `1.${removed}` });
  if (added !== undefined && added > minor)
    return finding('KUBELET_FIELD_VERSION', origin, { field, version, added: `1.${added}`, removed: undefined });
  const meant = didYouMean(String(path.at(-1)), [...known.keys()]);
  return finding('KUBELET_FIELD_UNKNOWN', origin, {
    field,
    version,
    meant: meant && [...path.slice(0, -1), meant].join('.'),
  });
}

function walk(subject: KubeletSubject, value: unknown, type: FieldType, path: Path): readonly Finding[] {
  const wrong = (expected: string) => [
    finding('KUBELET_FIELD_TYPE', originOf(subject.kubelet, [path]), {
      field: path.join('.'),
      expected,
      found: describe(value),
    }),
  ];
  if (value === null || value === undefined) {
    // metav1.Duration reads null as the empty string, which is no duration; only what is a pointer may be null.
    return type === 'duration' && !pointers.has(path.join('.')) ? wrong('a duration') : [];
  }
  if (typeof type === 'string') {
    const expected = scalarProblem(value, type, path);
    return expected === undefined ? [] : wrong(expected);
  }
  if ('list' in type) {
    return Array.isArray(value)
      ? value.flatMap((entry, index) => walk(subject, entry, type.list, [...path, index]))
      : wrong('a list');
  }
  if (!isJsonMap(value)) return wrong('a map');
  if ('map' in type)
    return Object.entries(value).flatMap(([key, entry]) => walk(subject, entry, type.map, [...path, key]));
  return walkFields(subject, value, type.fields, path);
}

/** What a scalar should be, when it is not: as Go's JSON decoder and the types' own readers judge it. */
function scalarProblem(value: unknown, type: Extract<FieldType, string>, path: Path): string | undefined {
  switch (type) {
    case 'any':
      return undefined;
    case 'string':
      return typeof value === 'string' ? undefined : 'text';
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'a number';
    case 'int':
      return intProblem(value, String(path.filter(part => typeof part === 'string').join('.')));
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined
        ? undefined
        : 'a duration (text such as 15m)';
    case 'durationOrInt':
      return Number.isInteger(value) || (typeof value === 'string' && parseDuration(value) !== undefined)
        ? undefined
        : 'a duration (text such as 5s)';
    case 'quantity':
      return (typeof value === 'number' && Number.isFinite(value)) ||
        (typeof value === 'string' && parseQuantity(value) !== undefined)
        ? undefined
        : 'a quantity such as 100Mi';
  }
}

/** Pointers to a duration in k8s.io/kubelet/config/v1beta1. */
const pointers = new Set([
  'cpuCFSQuotaPeriod',
  'containerLogMonitorInterval',
  'crashLoopBackOff.maxContainerRestartPeriod',
]);

/** Integers of more than 32 bits, and unsigned ones; all others are an int32. */
const wide: Readonly<Record<string, readonly [number, number]>> = {
  podPidsLimit: [-(2 ** 63), 2 ** 63],
  maxOpenFiles: [-(2 ** 63), 2 ** 63],
  'userNamespaces.idsPerPod': [-(2 ** 63), 2 ** 63],
  'shutdownGracePeriodByPodPriority.shutdownGracePeriodSeconds': [-(2 ** 63), 2 ** 63],
  'logging.verbosity': [0, 2 ** 32 - 1],
  'logging.vmodule.verbosity': [0, 2 ** 32 - 1],
};

function intProblem(value: unknown, name: string): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'a whole number';
  const [least, most] = wide[name] ?? [-(2 ** 31), 2 ** 31 - 1];
  return value >= least && value <= most ? undefined : `a whole number from ${least} to ${most}`;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text “${value}”`;
  return `the ${typeof value} ${String(value)}`;
}
