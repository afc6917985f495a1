import { clean } from './clean.ts';
import { causeOf, isCount, isFields, isPhase, isSeconds, isStatus, machineOf } from './event.ts';
import type { BootReport, PhaseRecord } from './report.ts';

/** The reports of a report.json, of several in a list, or of `--json` of ours; undefined when the text is none of these. */
export function reportsIn(text: string): readonly BootReport[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    const list = isFields(document) && Array.isArray(document.reports) ? document.reports : [document].flat();
    const reports = list.flatMap((one: unknown) => reportOf(one) ?? []);
    return reports.length > 0 ? reports : undefined;
  } catch {
    return undefined;
  }
}

function reportOf(value: unknown): BootReport | undefined {
  if (!isFields(value) || value.v !== 1 || !Array.isArray(value.phases)) return undefined;
  if (typeof value.worker !== 'string' || clean(value.worker) === '') return undefined;
  return {
    v: 1,
    worker: clean(value.worker),
    ...machineOf(value),
    attempts: isCount(value.attempts) ? value.attempts : 1,
    ...(value.rehearsal === true && { rehearsal: true }),
    phases: value.phases.flatMap((one: unknown) => recordOf(one) ?? []),
  };
}

function recordOf(value: unknown): PhaseRecord | undefined {
  if (!isFields(value) || !isPhase(value.phase) || !isStatus(value.status)) return undefined;
  const { phase, status, start, end, attempts } = value;
  if (!isSeconds(start)) return undefined;
  return {
    phase,
    status,
    start,
    end: isSeconds(end) && end >= start ? end : start,
    attempts: isCount(attempts) ? attempts : 1,
    ...causeOf(value),
    ...(Array.isArray(value.retries) && { retries: value.retries.filter(isSeconds) }),
    ...linesOf('detail', value.detail),
    ...linesOf('would', value.would),
  };
}

function linesOf(name: 'detail' | 'would', value: unknown): Pick<PhaseRecord, 'detail' | 'would'> {
  return Array.isArray(value) ? { [name]: value.filter(line => typeof line === 'string').map(clean) } : {};
}
