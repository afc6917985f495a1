import { OperationError } from '../diagnostics/operation-error.ts';

/** What the order depends on: `after` are workers that must be terminated before this one is launched. */
type Ordered = { readonly worker: string; readonly after: readonly string[] };

/**
 * The same actions, each after those it waits for, else in the order given. Throws PLAN_ADDRESS_RING where workers wait for
 * each other.
 */
export function inOrder<A extends Ordered>(actions: readonly A[]): readonly A[] {
  const byName = new Map(actions.map(action => [action.worker, action]));
  const placed = new Set<string>();
  const ordered: A[] = [];
  const place = (action: A, path: readonly string[]): void => {
    if (placed.has(action.worker)) return;
    if (path.includes(action.worker)) throw ring(path.slice(path.indexOf(action.worker)));
    for (const name of action.after) {
      const first = byName.get(name);
      if (first) place(first, [...path, action.worker]);
    }
    placed.add(action.worker);
    ordered.push(action);
  };
  for (const action of actions) place(action, []);
  return ordered;
}

function ring(workers: readonly string[]): OperationError {
  const wants = workers.map(
    (worker, index) => `${worker} wants the address of ${workers[(index + 1) % workers.length]}`,
  );
  return new OperationError(
    'PLAN_ADDRESS_RING',
    `${wants.join(', ')}.`,
    `give ${workers[0]} an unused address and apply, then the one that it shall have; each step has one worker down.`,
  );
}
