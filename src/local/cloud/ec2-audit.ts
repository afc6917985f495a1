import type { Ec2State, TagHistory } from './ec2-state.ts';

/** That something was held from one moment to another, for invariants that a harness checks. Null: it still is. */
export type Holding = {
  /** `instance`: it was live; `address`, `interface`: an instance held it. */
  readonly kind: 'instance' | 'address' | 'interface';
  /** Instance ID; “<subnet> <address>”; interface ID. */
  readonly id: string;
  /** Null: an address that an interface without instance holds. */
  readonly instanceId: string | null;
  readonly cluster: string | null;
  readonly worker: string | null;
  readonly from: number;
  readonly until: number | null;
};

/** Every holding there ever was, those of instances that are long gone too. */
export function audit(state: Ec2State): readonly Holding[] {
  const instances = Object.values(state.instances).map((one): Holding => {
    const until = one.end?.kind === 'terminated' ? one.end.at : null;
    return { kind: 'instance', id: one.instanceId, ...owner(one.instanceId, one.tags), from: one.launchedAt, until };
  });
  const attached = Object.values(state.interfaces).flatMap(one =>
    one.attachments.map(({ instanceId, from, until }): Holding => {
      const tags = state.instances[instanceId]?.tags ?? one.tags;
      return { kind: 'interface', id: one.interfaceId, ...owner(instanceId, tags), from, until };
    }),
  );
  const addresses = Object.values(state.interfaces).map((one): Holding => {
    const id = `${one.subnetId} ${one.privateIp}`;
    const instanceId = one.ephemeral ? (one.attachments[0]?.instanceId ?? null) : null;
    return { kind: 'address', id, ...owner(instanceId, one.tags), from: one.createdAt, until: one.deletedAt };
  });
  return [...instances, ...attached, ...addresses];
}

function owner<T>(instanceId: T, tags: TagHistory) {
  const last = tags.at(-1)?.tags ?? {};
  return { instanceId, cluster: last['firstboot:cluster'] ?? null, worker: last['firstboot:worker'] ?? null };
}

/**
 * What must never be: two live instances of one worker, an address or an interface held twice at a time. One sentence each;
 * an empty list when all is well.
 */
export function violations(holdings: readonly Holding[]): readonly string[] {
  const groups = new Map<string, Holding[]>();
  for (const one of holdings) {
    const key =
      one.kind !== 'instance'
        ? `${one.kind} ${one.id}`
        : one.worker === null
          ? `instance ${one.id}`
          : `worker ${one.cluster}/${one.worker}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].flatMap(([key, group]) => {
    const sorted = group.toSorted((a, b) => a.from - b.from);
    return sorted.slice(1).flatMap((one, index) => {
      const before = sorted.slice(0, index + 1).find(({ until }) => until === null || until > one.from);
      return before
        ? [
            `${key}: ${one.instanceId ?? one.id} from ${one.from}, while ${before.instanceId ?? before.id} had it until ${before.until}`,
          ]
        : [];
    });
  });
}
