import type { BootEvent } from '../report/report.ts';
import type { Lock } from './lock.ts';
import type { Step, Wait } from './record.ts';

/** What `apply`, `replace` and `destroy` tell while they work; `at` in milliseconds since 1970. */
export type RolloutEvent =
  /** Another’s lock is waited for. */
  | { readonly kind: 'lock-held'; readonly at: number; readonly lock: Lock }
  | { readonly kind: 'lock'; readonly at: number; readonly id: string; readonly resumed: boolean }
  | {
      readonly kind: 'step';
      readonly at: number;
      readonly worker: string;
      readonly step: Step;
      readonly status: 'start' | 'done';
      readonly detail?: string;
    }
  /** What is waited for, once per change of it. */
  | {
      readonly kind: 'waiting';
      readonly at: number;
      readonly worker: string;
      readonly step: Step;
      readonly detail: string;
    }
  | { readonly kind: 'boot'; readonly at: number; readonly worker: string; readonly event: BootEvent }
  | { readonly kind: 'warning'; readonly at: number; readonly worker: string | null; readonly message: string }
  | {
      readonly kind: 'failed';
      readonly at: number;
      readonly worker: string;
      readonly step: Step;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  | {
      readonly kind: 'finished';
      readonly at: number;
      readonly worker: string;
      readonly outcome: 'kept' | 'launched' | 'replaced' | 'retired';
      readonly instanceId: string | null;
      readonly verified: Wait;
      readonly seconds: number;
    }
  /** Workers that were not begun since one before them failed. */
  | { readonly kind: 'stopped'; readonly at: number; readonly remaining: readonly string[] };
