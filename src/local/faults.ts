import type { BootPhase } from '../report/report.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { altered } from './fault-content.ts';
import { type FaultName, faults } from './fault-table.ts';
import { cut, dead, failFirst, slowed } from './fault-transport.ts';
import type { Ask, Handler } from './http.ts';
import { placeOf } from './object-server.ts';
import { s3Error } from './s3-replies.ts';

export { faults };

/** What goes wrong in a rehearsal, and in which phase; without one, in the first of those where it can. */
export type Fault = { readonly name: FaultName; readonly phase?: BootPhase | undefined };

const names = Object.keys(faults) as readonly FaultName[];

/** Reads `NAME[@PHASE]`. */
export function parseFault(text: string): Fault | { readonly problem: string; readonly hint: string } {
  const [name = '', phase, ...rest] = text.split('@');
  const known = names.find(one => one === name);
  if (!known || rest.length > 0) {
    const meant = didYouMean(name, names);
    return {
      problem: `there is no fault “${text}”`,
      hint: meant ? `did you mean ${meant}?` : `the faults are ${names.join(', ')}.`,
    };
  }
  if (phase === undefined) return { name: known };
  const { phases } = faults[known];
  const found = phases.find(one => one === phase);
  return found
    ? { name: known, phase: found }
    : { problem: `${known} cannot hit in a phase “${phase}”`, hint: `it can in ${phases.join(', ')}.` };
}

/** The phase that a fault hits. */
export function phaseOf({ name, phase }: Fault): BootPhase {
  return phase ?? (faults[name].phases[0] as BootPhase);
}

/** The code that is seen when a fault hits in its phase. */
export function codeOf(fault: Fault): string | undefined {
  const { code, phases } = faults[fault.name];
  return code?.replace(`BOOT_${phases[0]?.toUpperCase()}`, `BOOT_${phaseOf(fault).toUpperCase()}`);
}

type Servers = { readonly imds: Handler; readonly objects: Handler };

type Facts = {
  readonly secretsUrl: string;
  /** In the order in which they are tried: the first one's host is the mirror that can be dead. */
  readonly binaryUrls: readonly string[];
  /** Seconds that a slow download takes. */
  readonly slowSeconds?: number | undefined;
};

/**
 * The servers, with their faults; faults of the process are left to who starts it. What a file is comes before how it
 * travels, so faults combine in any order.
 */
export function withFaults({ imds, objects }: Servers, injected: readonly Fault[], facts: Facts): Servers {
  const secrets = placesOf([facts.secretsUrl]);
  const binaries = placesOf(facts.binaryUrls);
  const files = (fault: Fault) => (phaseOf(fault) === 'secrets' ? secrets : binaries);
  const hostOfFirst = facts.binaryUrls[0] === undefined ? '' : `${placeOf(facts.binaryUrls[0]).split('/')[0]}/`;
  const wrap: Readonly<Partial<Record<FaultName, (inner: Handler, fault: Fault) => Handler>>> = {
    'wrong-arch': (inner, fault) => altered(inner, files(fault), 'wrong-arch'),
    'wrong-digest': (inner, fault) => altered(inner, files(fault), 'wrong-digest'),
    truncated: (inner, fault) => altered(inner, files(fault), 'truncated'),
    'error-page': (inner, fault) => altered(inner, files(fault), 'error-page'),
    slow: (inner, fault) => slowed(inner, files(fault), facts.slowSeconds ?? 4),
    'cut-in-the-middle': (inner, fault) => cut(inner, files(fault), 2),
    's3-500': inner => failFirst(inner, secrets, [internalError, slowDown, internalError]),
    's3-403-then-ok': inner => failFirst(inner, secrets, [denied, denied, denied]),
    'dead-mirror': inner => dead(inner, place => place.startsWith(hostOfFirst)),
    'role-late': inner => failFirst(inner, isRole, [notFound, notFound]),
    'imds-late': inner => failFirst(inner, () => true, [nothing, nothing]),
  };
  const apply = (server: 'imds' | 'objects', handler: Handler) =>
    (Object.keys(wrap) as readonly FaultName[])
      .flatMap(name => injected.filter(fault => fault.name === name && faults[name].where === server))
      .reduce((inner, fault) => wrap[fault.name]?.(inner, fault) ?? inner, handler);
  return { imds: apply('imds', imds), objects: apply('objects', objects) };
}

function placesOf(urls: readonly string[]): (place: string) => boolean {
  const places = new Set(urls.map(placeOf));
  return place => places.has(place);
}

const isRole = (place: string) => place.startsWith('latest/meta-data/iam/security-credentials');

/** Amazon S3 API Reference, “Error Responses”. */
const denied = (ask: Ask) => s3Error(ask, { status: 403, code: 'AccessDenied', message: 'Access Denied' });
const slowDown = (ask: Ask) =>
  s3Error(ask, { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' });
const internalError = (ask: Ask) =>
  s3Error(ask, { status: 500, code: 'InternalError', message: 'We encountered an internal error. Please try again.' });
const notFound = () => ({ status: 404, headers: { server: 'EC2ws', 'content-type': 'text/html' }, body: '' });
const nothing = () => undefined;
