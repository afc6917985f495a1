import * as z from 'zod';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { Plan } from './plan.ts';

const reason = z.object({ kind: z.string(), text: z.string() });
const action = z.looseObject({
  worker: z.string(),
  kind: z.enum(['keep', 'launch', 'replace', 'retire']),
  reasons: z.array(reason),
  instanceId: z.string().nullable(),
  fingerprint: z.string().nullable(),
  launch: z.looseObject({}).nullable(),
  changes: z.array(z.object({ name: z.string(), diff: z.string() })),
  after: z.array(z.string()),
});
const schema = z.looseObject({
  version: z.literal(1),
  cluster: z.string(),
  at: z.string(),
  actions: z.array(action),
  basis: z.string().regex(/^[0-9a-f]{64}$/),
  warnings: z.array(z.string()),
});

export function planText(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** A plan that `plan --out` wrote, for this cluster. `file`: its name, for the message of PLAN_FILE_INVALID. */
export function readPlan(text: string, file: string, cluster: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(file, 'it is no JSON');
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== 1)
    throw invalid(file, `it has version ${version}, and this firstboot knows 1`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.');
    throw invalid(file, `${place ? `${place}: ` : ''}${issue?.message}`);
  }
  if (parsed.data.cluster !== cluster)
    throw invalid(file, `it is for the cluster ${parsed.data.cluster}, not ${cluster}`);
  return parsed.data as unknown as Plan;
}

/** Throws PLAN_MOVED when what the plan was made for is not what there is now. */
export function requireUnmoved(plan: Plan, now: Plan, file: string): void {
  if (plan.basis === now.basis) return;
  const moved = now.actions.filter(({ worker, kind }) => {
    const planned = plan.actions.find(one => one.worker === worker);
    return planned?.kind !== kind;
  });
  const names = moved.slice(0, 3).map(({ worker, kind }) => `${worker} would now be: ${kind}`);
  throw new OperationError(
    'PLAN_MOVED',
    `the world is no longer what ${file} was made for${names.length > 0 ? ` (${names.join('; ')})` : ''}.`,
    'make a new plan with `firstboot plan --out FILE`, look at it, and apply that one.',
  );
}

/** Whether what is left to do is a rest of the plan: what a run of it that was cut off has not done yet. */
export function isRestOf(plan: Plan, now: Plan): boolean {
  return now.actions
    .filter(({ kind }) => kind !== 'keep')
    .every(({ worker, kind, fingerprint }) =>
      plan.actions.some(one => one.worker === worker && one.kind === kind && one.fingerprint === fingerprint),
    );
}

function invalid(file: string, why: string): OperationError {
  return new OperationError(
    'PLAN_FILE_INVALID',
    `${file} is no plan: ${why}.`,
    'write one with `firstboot plan --out FILE`.',
  );
}
