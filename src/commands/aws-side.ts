import type { Clock } from '../ports/clock.ts';
import type { Compute } from '../ports/compute.ts';
import type { Kube } from '../ports/kube.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { CommandIo } from './io.ts';
import type { ParsedOptions } from './table.ts';

/** The world that an AWS command works on: real clients, or with --local those of the embedded cloud. */
export type AwsSide = {
  readonly store: ObjectStore;
  readonly compute: Compute;
  readonly clock: Clock;
  /** “AWS account 123456789012, us-east-1”, or the embedded cloud and its folder: for the first line that a command prints. */
  readonly place: string;
  readonly close: () => Promise<void>;
};

/** `options`: --local and --state of the command. Throws an OperationError where there are no credentials, or no cloud. */
export async function openAwsSide(cluster: Cluster, options: ParsedOptions, io: CommandIo): Promise<AwsSide> {
  const open = async () => {
    if (options.local === true) return (await import('./local-side.ts')).openLocalSide(cluster, options, io);
    return (await import('../adapters/aws/aws-side.ts')).openRealSide(cluster);
  };
  const side = await open();
  return io.clock ? { ...side, clock: io.clock } : side;
}

/** The api-server by --kubeconfig, else KUBECONFIG, else ~/.kube/config; undefined where none of them is there and --kubeconfig was not given. */
export async function openKube(options: ParsedOptions, io: CommandIo): Promise<Kube | undefined> {
  return (await import('../adapters/kube/open-kube.ts')).openKube(options.kubeconfig as string | undefined, io.cwd);
}
