import { clean } from './clean.ts';
import { type BootEvent, type BootPhase, type BootStatus, bootPhases } from './report.ts';

const statuses: readonly BootStatus[] = ['start', 'ok', 'retry', 'failed'];

type Fields = Readonly<Record<string, unknown>>;

/** One line of the console as the boot program wrote it; undefined for anything else. Its texts are fit to be shown. */
export function eventOf(value: unknown): BootEvent | undefined {
  if (!isFields(value) || value.v !== 1) return undefined;
  const { worker, phase, status, t, attempt } = value;
  if (typeof worker !== 'string' || clean(worker) === '' || !isPhase(phase) || !isStatus(status)) return undefined;
  if (!isSeconds(t) || !isCount(attempt)) return undefined;
  return { v: 1, worker: clean(worker), phase, status, t, attempt, ...causeOf(value), ...machineOf(value) };
}

export function causeOf(fields: Fields): Pick<BootEvent, 'code' | 'cause'> {
  return texts(fields, ['code', 'cause']);
}

export function machineOf(fields: Fields): Pick<BootEvent, 'instanceId' | 'systemUuid' | 'digest' | 'fingerprint'> {
  return texts(fields, ['instanceId', 'systemUuid', 'digest', 'fingerprint']);
}

/** Those of the named fields that are text; the others are left out. */
function texts<Name extends string>(fields: Fields, names: readonly Name[]): { readonly [one in Name]?: string } {
  return Object.fromEntries(
    names.flatMap(name => (typeof fields[name] === 'string' ? [[name, clean(fields[name])]] : [])),
  ) as { readonly [one in Name]?: string };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isPhase(value: unknown): value is BootPhase {
  return bootPhases.some(one => one === value);
}

export function isStatus(value: unknown): value is BootStatus {
  return statuses.some(one => one === value);
}

export function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e9;
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
