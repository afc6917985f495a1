import type { Tags } from '../../ports/compute.ts';
import type { CloudPace } from './cloud.ts';
import type { Fail } from './ec2-errors.ts';
import { existsAt, viewInstance } from './ec2-life.ts';
import { type Ec2State, retagged, type TagHistory, tagsAt } from './ec2-state.ts';

const mostTags = 50;

/** Amazon EC2 User Guide, “Tag your Amazon EC2 resources”, “Tag restrictions”. */
export function checkTags(fail: Fail, tags: Tags): void {
  for (const [key, value] of Object.entries(tags)) {
    if (key.toLowerCase().startsWith('aws:'))
      fail('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`);
    if (key.length === 0 || key.length > 128)
      fail('InvalidParameterValue', `Tag key exceeds the maximum length of 128 characters`);
    if (value.length > 256) fail('InvalidParameterValue', `Tag value exceeds the maximum length of 256 characters`);
  }
  if (Object.keys(tags).length > mostTags) fail('TagLimitExceeded', `More than ${mostTags} tags specified`);
}

/** CreateTags: all of the resources get all of the tags, or none any. `seen`: what is younger is not known yet. */
export function tagAll(
  state: Ec2State,
  fail: Fail,
  ids: readonly string[],
  tags: Tags,
  now: number,
  seen: number,
  pace: CloudPace,
): void {
  checkTags(fail, tags);
  const holders = ids.map(id => holderOf(state, id, now, seen, pace) ?? fail(...unknown(id)));
  const changed = holders.map(holder => {
    const all = { ...tagsAt(holder.get(), now), ...tags };
    if (Object.keys(all).length > mostTags)
      fail('TagLimitExceeded', `The maximum number of Tags for a resource has been reached.`);
    return retagged(holder.get(), now, all);
  });
  holders.forEach((holder, index) => {
    holder.set(changed[index] as TagHistory);
  });
}

type Holder = { readonly get: () => TagHistory; readonly set: (history: TagHistory) => void };

function holderOf(state: Ec2State, id: string, now: number, seen: number, pace: CloudPace): Holder | undefined {
  const instance = state.instances[id];
  if (instance && viewInstance(instance, seen, pace))
    return {
      get: () => instance.tags,
      set: history => {
        instance.tags = history;
      },
    };
  const network = state.interfaces[id];
  if (network && existsAt(network, now) && network.createdAt <= seen)
    return {
      get: () => network.tags,
      set: history => {
        network.tags = history;
      },
    };
  const owner = Object.values(state.instances).find(one => one.volumeId === id);
  if (owner && owner.launchedAt <= seen && (owner.end?.kind !== 'terminated' || owner.end.at > now))
    return {
      get: () => owner.volumeTags,
      set: history => {
        owner.volumeTags = history;
      },
    };
  return undefined;
}

function unknown(id: string): readonly [code: string, message: string] {
  if (id.startsWith('eni-'))
    return ['InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`];
  if (id.startsWith('vol-')) return ['InvalidVolume.NotFound', `The volume '${id}' does not exist.`];
  if (id.startsWith('i-')) return ['InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`];
  return ['InvalidID', `The ID '${id}' is not valid`];
}
