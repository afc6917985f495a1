import type { CloudPace } from './cloud.ts';
import { stateAt } from './ec2-life.ts';
import type { Ec2State, InstanceEnd, StoredInstance } from './ec2-state.ts';

/** Why an instance ends, other than by TerminateInstances. `poweroff`: a shutdown from within where that is to terminate. */
export type Interruption = 'spot' | 'host' | 'launch' | 'key' | 'shutdown' | 'poweroff';

/** EC2 API Reference, StateReason. */
const reasons: Readonly<Record<Interruption | 'user', InstanceEnd['reason']>> = {
  user: { code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown' },
  spot: {
    code: 'Server.SpotInstanceTermination',
    message: 'Server.SpotInstanceTermination: Spot instance termination',
  },
  host: { code: 'Server.InternalError', message: 'Server.InternalError: Internal error on host' },
  launch: { code: 'Server.InternalError', message: 'Server.InternalError: Internal error on launch' },
  /** As when the volume’s KMS key may not be used. */
  key: { code: 'Client.InternalError', message: 'Client.InternalError: Client error on launch' },
  shutdown: {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
  },
  poweroff: {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
  },
};

/** How long an interface is still held once its instance is terminated, where the pace does not say. */
const interfaceHeldFor = 2000;

/**
 * Lets an instance end: in shutting-down for a while, at once when it did not get up. Its interface is free, or gone with its
 * address, only some time after it is terminated. One that is ending already goes on as before.
 */
export function end(
  state: Ec2State,
  instance: StoredInstance,
  why: Interruption | 'user',
  now: number,
  pace: CloudPace,
): void {
  if (instance.end?.kind === 'terminated') return;
  const kind = why === 'shutdown' ? 'stopped' : 'terminated';
  if (kind === 'stopped' && instance.end) return;
  const atOnce = why === 'launch' || why === 'key' || (kind === 'terminated' && stateAt(instance, now) === 'stopped');
  const at = atOnce ? now : now + pace.shuttingDownFor;
  instance.end = { kind, askedAt: now, at, reason: reasons[why] };
  if (kind === 'stopped') return;
  const held = state.interfaces[instance.interfaceId];
  const until = at + (pace.interfaceHeldFor ?? interfaceHeldFor);
  const attachment = held?.attachments.findLast(({ instanceId }) => instanceId === instance.instanceId);
  if (attachment) attachment.until = until;
  if (held?.ephemeral) held.deletedAt = until;
}
