import { bootCodes } from '../diagnostics/boot-codes.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { BootReport, PhaseRecord } from '../report/report.ts';
import { evidenceWords } from './evidence.ts';
import type { Boot } from './follow.ts';
import type { Operation } from './record.ts';
import type { Task } from './task.ts';

/** True: the console says that this very boot is done. Throws as soon as it says that it failed, or that it was another’s. */
export function judgeBoot(task: Task, operation: Operation, { latest }: Boot): boolean {
  const phase = latest?.phases.at(-1);
  if (!latest || !phase) return false;
  if (phase.status === 'failed') throw bootFailed(task, operation, phase);
  if (phase.phase !== 'done' || phase.status !== 'ok') return false;
  refuseOther(task.name, operation, latest);
  return true;
}

function bootFailed(task: Task, { instanceId }: Operation, { phase, code, cause }: PhaseRecord): OperationError {
  const known = code !== undefined && code in bootCodes ? bootCodes[code as keyof typeof bootCodes] : undefined;
  const what = [code, known?.title, cause].filter(one => one !== undefined).join(': ');
  return new OperationError(
    'VERIFY_BOOT_FAILED',
    `${task.name} failed to boot in phase ${phase}: ${what}`,
    `${known ? `\`firstboot explain ${code}\` says what to look at; ` : ''}${evidenceWords(task, instanceId)}`,
  );
}

function refuseOther(worker: string, { instanceId, digest, fingerprint }: Operation, report: BootReport): void {
  const differing = (
    [
      ['instance', report.instanceId, instanceId],
      ['digest', report.digest, digest],
      ['fingerprint', report.fingerprint, fingerprint],
    ] as const
  ).find(([, said, wanted]) => said !== undefined && said !== wanted);
  if (!differing) return;
  const [what, said, wanted] = differing;
  throw new OperationError(
    'VERIFY_BOOT_OTHER',
    `the console of ${instanceId} reports the boot of ${worker} with the ${what} ${said}, not ${wanted}.`,
    'the instance runs other user-data than it was launched with; find out who changed it.',
  );
}
