import { awaitRunning } from './await-running.ts';
import { awaitTerminated } from './await-terminated.ts';
import { awaitVerified } from './await-verified.ts';
import type { Operation, Step } from './record.ts';
import { reserve } from './steps-capacity.ts';
import { deleteSecrets, release } from './steps-end.ts';
import { launch } from './steps-launch.ts';
import { cordon, deleteNode, drainNode, terminateOld, uncordon } from './steps-old-node.ts';
import { stage, stageScoped } from './steps-stage.ts';
import type { PerformStep, Task } from './task.ts';

type Kinds = readonly Operation['kind'][];

type StepEntry = {
  readonly step: Step;
  /** Operations that have this step. */
  readonly kinds: Kinds;
  /** Whether it is needed in this run; undefined: always. */
  readonly applies?: (task: Task, operation: Operation) => boolean;
  readonly perform: PerformStep;
};

const all: Kinds = ['launch', 'replace', 'retire'];
const launching: Kinds = ['launch', 'replace'];
const ending: Kinds = ['replace', 'retire'];

const hasKube = ({ world }: Task) => world.kube !== undefined;
const isScoped = ({ world }: Task) => world.cluster.aws.delivery === 'instance-scoped';
const isProven = (_: Task, { wait, kind }: Operation) => wait !== 'none' || kind === 'retire';
const reserves = ({ options }: Task, { launch }: Operation) => !launch.spot && !options.acceptCapacityRisk;

/** The order in which a worker is launched, replaced or retired. An operation is at one of these steps, wherever it was cut off. */
export const steps: readonly StepEntry[] = [
  { step: 'reserve', kinds: ['replace'], applies: reserves, perform: reserve },
  { step: 'cordon', kinds: ending, applies: hasKube, perform: cordon },
  { step: 'drain', kinds: ending, applies: hasKube, perform: drainNode },
  { step: 'terminate', kinds: ending, perform: terminateOld },
  { step: 'await-terminated', kinds: ending, perform: awaitTerminated },
  { step: 'delete-node', kinds: all, applies: hasKube, perform: deleteNode },
  { step: 'stage', kinds: launching, perform: stage },
  { step: 'launch', kinds: launching, perform: launch },
  { step: 'stage-scoped', kinds: launching, applies: isScoped, perform: stageScoped },
  { step: 'await-running', kinds: launching, applies: isProven, perform: awaitRunning },
  { step: 'await-verified', kinds: launching, applies: isProven, perform: awaitVerified },
  { step: 'uncordon', kinds: launching, applies: (_, { cordoned }) => cordoned, perform: uncordon },
  { step: 'delete-secrets', kinds: all, applies: isProven, perform: deleteSecrets },
  {
    step: 'release',
    kinds: all,
    applies: (_, { reservationId, kind }) => reservationId !== null || kind === 'retire',
    perform: release,
  },
  { step: 'close', kinds: all, perform: async () => ({}) },
];

/** The step with this name, or the next one that this operation has in this run. */
export function stepFrom(step: Step, task: Task, operation: Operation): StepEntry {
  const index = steps.findIndex(one => one.step === step);
  const entry = steps
    .slice(index)
    .find(one => one.kinds.includes(operation.kind) && (one.applies?.(task, operation) ?? true));
  if (!entry) throw new Error('invariant broken: every operation ends by close');
  return entry;
}

/** What comes after a step in the table, whether this operation has it or not. */
export function after(step: Step): Step {
  const index = steps.findIndex(one => one.step === step);
  return steps[index + 1]?.step ?? 'close';
}
