import type { Outcome } from './outcome.ts';
import type { Scenario } from './scenarios.ts';

/** What nothing must ever leave, as sentences; an empty list is a good one. */
export function problemsOf(outcome: Outcome, { leaves }: Pick<Scenario, 'leaves'>): readonly string[] {
  const { violations, ownerless, staged, live, state, reservations, nodes, records } = outcome;
  const allThere = live.length === leaves.live && nodes.length === leaves.live;
  return [
    ...violations,
    ...ownerless.map(id => `${id} is no record’s`),
    ...(staged.length === leaves.staged ? [] : [`staged: ${staged.join(', ') || 'nothing'}`]),
    ...(allThere ? [] : [`${live.length} instances and ${nodes.length} Nodes live`]),
    ...state.filter(key => key.endsWith('/lock.json')),
    ...(reservations === 0 ? [] : [`${reservations} reservations`]),
    ...nodes.flatMap(({ name, unschedulable }) => (unschedulable ? [`cordoned: ${name}`] : [])),
    ...records.flatMap(({ operation }) => (operation === null ? [] : ['an operation is open'])),
  ];
}
