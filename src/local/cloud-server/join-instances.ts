import fs from 'node:fs';
import path from 'node:path';
import type { Ec2State } from '../cloud/ec2-state.ts';
import type { InstanceHost, InstanceWorld } from '../instances/instance-kind.ts';
import type { OpenCloud } from './open-cloud.ts';

/** Time in which several lines of a console count as one change. */
const consolePause = 200;

type Lent = Pick<InstanceWorld, 'folder' | 'objects' | 'binaries' | 'now' | 'told'>;

export type JoinedInstances = {
  readonly world: InstanceWorld;
  /** Once requests are answered: starts those that were there before, too. */
  readonly begin: (host: InstanceHost) => void;
  /** From now on nothing of theirs is saved. */
  readonly stop: () => void;
};

/** Ties the life of instances in EC2 to what they are made of. */
export function joinInstances({ ec2, save }: OpenCloud, lent: Lent): JoinedInstances {
  let late: NodeJS.Timeout | undefined;
  let isOver = false;
  const saveSoon = () => {
    if (late !== undefined || isOver) return;
    late = setTimeout(() => {
      late = undefined;
      save().catch((error: Error) => lent.told(`the state is not saved: ${error.message}`));
    }, consolePause);
  };
  const isKnown = (instanceId: string) => ec2.calls.launchedAs(instanceId) !== undefined;
  const world: InstanceWorld = {
    ...lent,
    instanceOf: instanceId => ec2.machines().find(one => one.instanceId === instanceId),
    volumeSize: instanceId => ec2.calls.launchedAs(instanceId)?.request.root.size ?? 0,
    setConsole(instanceId, text) {
      if (!isKnown(instanceId)) return;
      ec2.setConsole(instanceId, text);
      saveSoon();
    },
    ended(instanceId, why) {
      if (!isKnown(instanceId)) return;
      ec2.interrupt(instanceId, why);
      saveSoon();
    },
  };
  return {
    world,
    begin(host) {
      ec2.onLaunched(instance => host.start(instance));
      ec2.onTerminated(async instanceId => {
        await host.end(instanceId);
        remove(path.join(lent.folder, instanceId), lent.told);
      });
      const { instances } = ec2.snapshot() as Ec2State;
      for (const instanceId of foldersIn(lent.folder))
        if (instances[instanceId]?.end !== null) remove(path.join(lent.folder, instanceId), lent.told);
      for (const instance of ec2.machines()) {
        // One that is about to end is not started again.
        if (instances[instance.instanceId]?.end === null) host.start(instance);
      }
    },
    stop() {
      isOver = true;
      clearTimeout(late);
    },
  };
}

function foldersIn(folder: string): readonly string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter(name => name.startsWith('i-')) : [];
}

/** A disk or a scratch root: it holds a private key. */
function remove(folder: string, told: (line: string) => void): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    told(`${folder} cannot be removed: ${(error as Error).message}`);
  }
}
