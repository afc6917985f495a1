import { OperationError } from '../diagnostics/operation-error.ts';
import { evidenceWords } from './evidence.ts';
import type { Boot } from './follow.ts';
import type { Operation } from './record.ts';
import type { Task } from './task.ts';
import type { NodeProof } from './verify-worker.ts';

/** Time is up: how far the worker came, and what it said last. */
export function lateError(
  task: Task,
  { instanceId }: Operation,
  { length, latest }: Boot,
  proof: NodeProof,
): OperationError {
  const { name, options } = task;
  const evidence = evidenceWords(task, instanceId);
  const within = `within ${duration(options.timeout)}`;
  const phase = latest?.phases.at(-1);
  const boot = phase ? `its boot is at ${phase.phase} ${phase.status}${causeOf(phase)}` : 'its boot is not heard of';
  switch (proof.kind) {
    case 'unasked':
      return new OperationError(
        'VERIFY_UNASKED',
        `${name} cannot be proven ${within}: ${proof.detail}; ${boot}.`,
        'its instance was left as it is: see to the api-server, then run the same command again, or with --wait booted.',
      );
    case 'stale':
    case 'wrong':
      return new OperationError(
        'VERIFY_NODE_WRONG',
        `the Node ${name} is not that of ${instanceId} ${within}: ${proof.detail}; ${boot}.`,
        `\`firstboot explain VERIFY_NODE_WRONG\` says what to look at; ${evidence}`,
      );
    case 'unhealthy':
      return new OperationError(
        'VERIFY_NODE_UNHEALTHY',
        `the kubelet of ${name} does not answer the api-server ${within}: ${proof.detail}.`,
        `look at the way from the api-server to port 10250 (security groups), and at the kubelet’s certificate; ${evidence}`,
      );
    case 'not-ready':
      return new OperationError(
        'VERIFY_NOT_READY',
        `the Node ${name} is registered, but not Ready ${within}: ${proof.detail}.`,
        `without a network plugin a node is never Ready: install one, or give --wait registered; ${evidence}`,
      );
    default:
      if (!phase) return noReport(name, instanceId, within, length, evidence);
      return new OperationError(
        'VERIFY_NOT_REGISTERED',
        proof.kind === 'absent'
          ? `the Node ${name} is not registered ${within}; ${boot}.`
          : `${name} has not booted ${within}; ${boot}.`,
        `${phase.code === undefined ? '' : `\`firstboot explain ${phase.code}\` says what to look at; `}${evidence}`,
      );
  }
}

/** Failure of its own: an image that ignores user-data says nothing, however long one waits. */
function noReport(
  name: string,
  instanceId: string | null,
  within: string,
  length: number,
  evidence: string,
): OperationError {
  if (length === 0)
    return new OperationError(
      'VERIFY_NO_REPORT',
      `${instanceId} of ${name} runs, but EC2 has no console output of it ${within}.`,
      'the kernel must log to the serial console (console=ttyS0); on types that are not Nitro the output lags by minutes. The instance is terminated.',
    );
  return new OperationError(
    'VERIFY_NO_REPORT',
    `the console of ${instanceId} of ${name} has ${length} characters and no line of the boot program ${within}.`,
    `does the image have cloud-init, and does it read EC2’s user-data? Now ${evidence}`,
  );
}

function causeOf({ code, cause }: { readonly code?: string | undefined; readonly cause?: string | undefined }): string {
  const what = [code, cause].filter(one => one !== undefined).join(': ');
  return what === '' ? '' : ` (${what})`;
}

function duration(milliseconds: number): string {
  return milliseconds % 60_000 === 0 ? `${milliseconds / 60_000} min` : `${Math.round(milliseconds / 1000)} s`;
}
