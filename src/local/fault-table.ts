import { type BootPhase, bootPhases } from '../report/report.ts';

export type FaultName =
  | 'imds-late'
  | 'role-late'
  | 's3-403-then-ok'
  | 's3-500'
  | 'slow'
  | 'cut-in-the-middle'
  | 'truncated'
  | 'wrong-digest'
  | 'wrong-arch'
  | 'error-page'
  | 'dead-mirror'
  | 'disk-full'
  | 'clock-behind'
  | 'kill';

export type FaultFacts = {
  readonly summary: string;
  /** Where it can hit; the first is the default. */
  readonly phases: readonly BootPhase[];
  readonly where: 'imds' | 'objects' | 'process';
  /** The run still ends in done. */
  readonly passes: boolean;
  /** Seen on retry or failed, in the default phase; undefined where nothing has to be tried again. */
  readonly code: string | undefined;
};

/** Every fault does the same each time: it counts, and throws no dice. */
export const faults: Readonly<Record<FaultName, FaultFacts>> = {
  'imds-late': {
    summary: 'instance metadata cuts the first 2 connections',
    phases: ['identify'],
    where: 'imds',
    passes: true,
    code: 'BOOT_IDENTIFY',
  },
  'role-late': {
    summary: 'the role’s credentials are not there for the first 2 requests',
    phases: ['identify'],
    where: 'imds',
    passes: true,
    code: 'BOOT_IDENTIFY',
  },
  's3-403-then-ok': {
    summary: 'the archive is not staged yet: 403 to the first 3 requests',
    phases: ['secrets'],
    where: 'objects',
    passes: true,
    code: 'BOOT_SECRETS',
  },
  's3-500': {
    summary: 'S3 answers 500, 503 (SlowDown) and 500 before it gives the archive',
    phases: ['secrets'],
    where: 'objects',
    passes: true,
    code: 'BOOT_SECRETS',
  },
  slow: {
    summary: 'each download trickles in over some seconds',
    phases: ['binaries', 'secrets'],
    where: 'objects',
    passes: true,
    code: undefined,
  },
  'cut-in-the-middle': {
    summary: 'the first 2 downloads of each file break off half-way',
    phases: ['binaries', 'secrets'],
    where: 'objects',
    passes: true,
    code: 'BOOT_BINARIES',
  },
  truncated: {
    summary: 'each file is there with its first half only',
    phases: ['binaries', 'secrets'],
    where: 'objects',
    passes: false,
    code: 'BOOT_BINARIES_DIGEST',
  },
  'wrong-digest': {
    summary: 'one byte of each file is another',
    phases: ['binaries', 'secrets'],
    where: 'objects',
    passes: false,
    code: 'BOOT_BINARIES_DIGEST',
  },
  'wrong-arch': {
    summary: 'each program is one of another architecture',
    phases: ['binaries'],
    where: 'objects',
    passes: false,
    code: 'BOOT_BINARIES_DIGEST',
  },
  'error-page': {
    summary: 'a page in HTML, with status 200, in place of each file',
    phases: ['binaries', 'secrets'],
    where: 'objects',
    passes: false,
    code: 'BOOT_BINARIES_DIGEST',
  },
  'dead-mirror': {
    summary:
      'the host of the first URL takes connections and never answers; with a second URL elsewhere the boot goes on',
    phases: ['binaries'],
    where: 'objects',
    passes: false,
    code: 'BOOT_BINARIES',
  },
  'disk-full': {
    summary: 'nothing can be written any more',
    phases: ['binaries', 'install'],
    where: 'process',
    passes: false,
    code: 'BOOT_BINARIES',
  },
  'clock-behind': {
    summary: 'the clock stands before the certificate’s notBefore',
    phases: ['clock'],
    where: 'process',
    passes: false,
    code: 'BOOT_CLOCK',
  },
  kill: {
    summary: 'the boot program is killed when the phase starts, and started again',
    phases: ['secrets', ...bootPhases.filter(phase => phase !== 'secrets')],
    where: 'process',
    passes: true,
    code: undefined,
  },
};
