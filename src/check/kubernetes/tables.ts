/**
 * What the kubelet of each Kubernetes minor knows: the fields of its configuration, its feature gates, its command line.
 *
 * The facts are in tables.json, which test/lab/go/kubelet-tables/generate.sh writes from upstream's own Go code: the type
 * KubeletConfiguration of k8s.io/kubelet/config/v1beta1, the registry of feature gates that k8s.io/kubernetes/cmd/kubelet/app
 * fills, and the flags of k8s.io/kubernetes/cmd/kubelet/app/options. The releases that they come from are in its `versions`.
 *
 * A minor is a number here: 36 is Kubernetes 1.36.
 */
import tables from './tables.json' with { type: 'json' };

/**
 * As the kubelet decodes it: a duration is a string of Go ("1m30s"), a number is not; a quantity is a string ("100Mi") or a
 * number; durationOrInt is a duration or a number of nanoseconds. `null` stands for "not set" in all of them.
 */
export type ScalarType = 'string' | 'bool' | 'int' | 'number' | 'duration' | 'durationOrInt' | 'quantity' | 'any';
export type FieldType =
  | ScalarType
  | { readonly list: FieldType }
  | { readonly map: FieldType }
  | { readonly fields: FieldTree };
/** Names are case-sensitive: the kubelet ignores `clusterdns`. */
export type FieldTree = ReadonlyMap<string, FieldType>;

export interface Gate {
  readonly stage: 'ALPHA' | 'BETA' | 'GA' | 'DEPRECATED';
  readonly default: boolean;
  /** A locked gate may only be set to its default: with another value the kubelet does not start. */
  readonly locked: boolean;
  /** Gates that must be on for this one to be on; the kubelet checks it where this is not empty (since 1.35). */
  readonly needs: readonly string[];
}

export interface Flag {
  /** The name that pflag has for the type of the value: bool, string, int32, duration, stringSlice, mapStringString … */
  readonly type: string;
  /** Takes no value from the next argument: `--flag` or `--flag=value`. */
  readonly bare: boolean;
  /** It still works, says the kubelet's help, but belongs into the configuration file or nowhere. */
  readonly deprecated: boolean;
  /** The configuration field that it sets, with dots ("authentication.anonymous.enabled"), and overrides. */
  readonly field: string | undefined;
}

interface Span {
  readonly since?: number;
  readonly until?: number;
}
type StoredType =
  | ScalarType
  | { readonly list: StoredType }
  | { readonly map: StoredType }
  | { readonly fields: Stored<StoredField> };
type Stored<T> = Readonly<Record<string, T>>;
/** Without a type, states and so on where it was gone before the first minor that the tables hold in full. */
interface StoredField extends Span {
  readonly type?: StoredType;
}
interface StoredGate extends Span {
  readonly states?: Stored<string>;
  readonly needs?: Stored<readonly string[]>;
}
interface StoredFlag extends Span {
  readonly type: string;
  readonly bare?: boolean;
  readonly deprecated?: number;
  readonly field?: string;
}

// The type that TypeScript reads off the JSON has one member for each of some 600 entries, and no literal types.
const stored = tables as unknown as {
  readonly first: number;
  readonly last: number;
  readonly fields: Stored<StoredField>;
  readonly gates: Stored<StoredGate>;
  readonly flags: Stored<StoredFlag>;
};

/** The minors that the tables hold in full; what was removed before `firstMinor` only whenRemoved knows. */
export const firstMinor = stored.first;
export const lastMinor = stored.last;

/** All fields of the KubeletConfiguration, `apiVersion` and `kind` among them. */
export const fieldsOf: (minor: number) => FieldTree = once(minor => tree(stored.fields, minor));

/** All gates, of the kubelet and of the libraries in it, which share one registry; AllAlpha and AllBeta are among them. */
export const gatesOf: (minor: number) => ReadonlyMap<string, Gate> = once(minor =>
  collect(stored.gates, minor, gate => {
    const [stage, value, locked] = (at(gate.states, minor) ?? '').split(' ');
    return {
      stage: stage as Gate['stage'],
      default: value === 'on',
      locked: locked === 'locked',
      needs: at(gate.needs, minor) ?? [],
    };
  }),
);

/** All flags, without the dashes. The kubelet reads an underscore in a flag's name as a dash. */
export const flagsOf: (minor: number) => ReadonlyMap<string, Flag> = once(minor =>
  collect(stored.flags, minor, flag => ({
    type: flag.type,
    bare: flag.bare ?? false,
    deprecated: flag.deprecated !== undefined && flag.deprecated <= minor,
    field: flag.field,
  })),
);

/**
 * The minor that no longer knows a name which an earlier one knew, back to 1.23; undefined for what is still known and for what
 * never was. A field inside another has a dotted name ("logging.sanitization"), whether lists lie between or not.
 */
export function whenRemoved(kind: Kind, name: string): number | undefined {
  const until = spanOf(kind, name)?.until;
  return until === undefined ? undefined : until + 1;
}

/** The minor that first knew a name, where that is later than `firstMinor`. */
export function whenAdded(kind: Kind, name: string): number | undefined {
  return spanOf(kind, name)?.since;
}

export type Kind = 'field' | 'gate' | 'flag';

function spanOf(kind: Kind, name: string): Span | undefined {
  if (kind === 'gate') return own(stored.gates, name);
  if (kind === 'flag') return own(stored.flags, name);
  // A field is there as long as all are that it lies in.
  let [fields, span]: [Stored<StoredField> | undefined, Span] = [stored.fields, {}];
  for (const part of name.split('.')) {
    const field: StoredField | undefined = fields && own(fields, part);
    if (field === undefined) return undefined;
    span = { ...span, ...(field.since && { since: field.since }), ...(field.until && { until: field.until }) };
    if (field.type === undefined) return span;
    fields = inside(field.type);
  }
  return span;
}

function inside(type: StoredType): Stored<StoredField> | undefined {
  if (typeof type === 'string') return undefined;
  if ('fields' in type) return type.fields;
  return inside('list' in type ? type.list : type.map);
}

function tree(fields: Stored<StoredField>, minor: number): FieldTree {
  return collect(fields, minor, field => (field.type === undefined ? 'any' : typeAt(field.type, minor)));
}

function typeAt(type: StoredType, minor: number): FieldType {
  if (typeof type === 'string') return type;
  if ('list' in type) return { list: typeAt(type.list, minor) };
  if ('map' in type) return { map: typeAt(type.map, minor) };
  return { fields: tree(type.fields, minor) };
}

function collect<S extends Span, T>(all: Stored<S>, minor: number, read: (entry: S) => T): ReadonlyMap<string, T> {
  return new Map(
    Object.entries(all)
      .filter(([, { since, until }]) => (since ?? firstMinor) <= minor && minor <= (until ?? lastMinor))
      .map(([name, entry]) => [name, read(entry)]),
  );
}

/** What holds at a minor, of values that each stand under the minor from which they hold. */
function at<T>(values: Stored<T> | undefined, minor: number): T | undefined {
  return Object.entries(values ?? {}).findLast(([since]) => Number(since) <= minor)?.[1];
}

/** A property of the object itself: the name may come from a user's file, and be "constructor". */
function own<T>(all: Stored<T>, name: string): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

/** Built at the first use, and once for each minor. A minor outside the tables is one that the caller must refuse. */
function once<T>(build: (minor: number) => T): (minor: number) => T {
  const built = new Map<number, T>();
  return minor => {
    if (minor < firstMinor || minor > lastMinor) throw new RangeError(`no table for Kubernetes 1.${minor}`);
    const value = built.get(minor) ?? build(minor);
    built.set(minor, value);
    return value;
  };
}
