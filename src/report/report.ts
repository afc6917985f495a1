/** What the boot program says on the console and in report.json (docs/operations.md). */

/** In the order in which they run. */
export const bootPhases = [
  'identify',
  'clock',
  'secrets',
  'binaries',
  'install',
  'kernel',
  'units',
  'health',
  'registered',
  'done',
] as const;

export type BootPhase = (typeof bootPhases)[number];
export type BootStatus = 'start' | 'ok' | 'retry' | 'failed';

/** One line of the console. `t`: seconds since the kernel's start. */
export type BootEvent = {
  readonly v: 1;
  readonly worker: string;
  readonly phase: BootPhase;
  readonly status: BootStatus;
  readonly t: number;
  readonly attempt: number;
  /** On retry or failed. */
  readonly code?: string | undefined;
  readonly cause?: string | undefined;
  /** The lines `identify` ok and `done` ok say whose boot it is. */
  readonly instanceId?: string | undefined;
  readonly systemUuid?: string | undefined;
  readonly digest?: string | undefined;
  readonly fingerprint?: string | undefined;
};

/** A phase in report.json. Seconds since the kernel's start. */
export type PhaseRecord = {
  readonly phase: BootPhase;
  readonly status: BootStatus;
  readonly start: number;
  readonly end: number;
  readonly attempts: number;
  readonly code?: string | undefined;
  readonly cause?: string | undefined;
  /** When an attempt ended without success; only a console tells. */
  readonly retries?: readonly number[] | undefined;
  /** The cause first, then the last lines of the journal, newest first. */
  readonly detail?: readonly string[] | undefined;
  /** In a rehearsal: what would have been done here, one command a line. */
  readonly would?: readonly string[] | undefined;
};

/** /var/lib/firstboot/report.json, or what a console tells of one run of the boot program. */
export type BootReport = {
  readonly v: 1;
  readonly worker: string;
  readonly instanceId?: string | undefined;
  readonly systemUuid?: string | undefined;
  readonly digest?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** Runs of the boot program on this machine so far. */
  readonly attempts: number;
  /** True when it ran in a scratch root. */
  readonly rehearsal?: boolean | undefined;
  readonly phases: readonly PhaseRecord[];
};
