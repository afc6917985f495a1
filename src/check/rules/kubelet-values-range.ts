import { type Conditions, needsGate, type Refusal } from './kubelet-refusal.ts';
import { bool, duration, enabled, type KubeletSubject, number, read } from './kubelet-subject.ts';
import { second } from './kubelet-units.ts';

/** A number within bounds. Where zero means "not set" the kubelet's default has taken its place. */
function within(field: string, least: number, most: number, fallback: number, zeroIsUnset = false) {
  return ({ config }: KubeletSubject): Refusal | undefined => {
    const value = number(config, field, fallback) || (zeroIsUnset ? fallback : 0);
    if (value >= least && value <= most) return undefined;
    return {
      field,
      reason:
        most === Number.POSITIVE_INFINITY ? `it must be at least ${least}` : `it must be from ${least} to ${most}`,
    };
  };
}

const unlimited = Number.POSITIVE_INFINITY;

export const rangeConditions: Conditions = {
  nodeLeaseDurationSeconds: within('nodeLeaseDurationSeconds', 1, unlimited, 40, true),
  eventBurst: within('eventBurst', 0, unlimited, 100, true),
  eventRecordQPS: within('eventRecordQPS', 0, unlimited, 50),
  healthzPort: within('healthzPort', 0, 65535, 10248),
  imageGCHighThresholdPercent: within('imageGCHighThresholdPercent', 0, 100, 85),
  imageGCLowThresholdPercent: within('imageGCLowThresholdPercent', 0, 100, 80),
  iptablesDropBit: within('iptablesDropBit', 0, 31, 15),
  iptablesMasqueradeBit: within('iptablesMasqueradeBit', 0, 31, 14),
  kubeAPIBurst: within('kubeAPIBurst', 0, unlimited, 100, true),
  kubeAPIQPS: within('kubeAPIQPS', 0, unlimited, 50),
  nodeStatusMaxImages: within('nodeStatusMaxImages', -1, unlimited, 50),
  maxOpenFiles: within('maxOpenFiles', 0, unlimited, 1000000, true),
  maxPods: within('maxPods', 0, unlimited, 110, true),
  oomScoreAdj: within('oomScoreAdj', -1000, 1000, -999),
  podsPerCore: within('podsPerCore', 0, unlimited, 0),
  port: within('port', 1, 65535, 10250, true),
  readOnlyPort: within('readOnlyPort', 0, 65535, 0),
  registryBurst: within('registryBurst', 0, unlimited, 10, true),
  registryPullQPS: within('registryPullQPS', 0, unlimited, 5),
  maxParallelImagePulls: within('maxParallelImagePulls', 1, unlimited, 1),
  containerLogMaxFiles: within('containerLogMaxFiles', 2, unlimited, 5),
  containerLogMaxWorkers: within('containerLogMaxWorkers', 1, unlimited, 1),
  samplingRate: within('tracing.samplingRatePerMillion', 0, 1000000, 0),

  memoryThrottlingFactor: ({ config }) => {
    const factor = number(config, 'memoryThrottlingFactor', 0.9);
    return factor > 0 && factor <= 1
      ? undefined
      : { field: 'memoryThrottlingFactor', reason: 'it must be more than 0 and at most 1' };
  },
  imageGC: ({ config }) => {
    const [low, high] = [
      number(config, 'imageGCLowThresholdPercent', 80),
      number(config, 'imageGCHighThresholdPercent', 85),
    ];
    if (low < high) return undefined;
    return {
      field: 'imageGCLowThresholdPercent',
      value: String(low),
      reason: `it must be less than imageGCHighThresholdPercent, ${high}`,
      with: ['imageGCHighThresholdPercent'],
    };
  },
  imageAge: subject => {
    const { config } = subject;
    const least = duration(config, 'imageMinimumGCAge', 0) || 120 * second;
    const most = duration(config, 'imageMaximumGCAge', 0);
    if (least < 0) return { field: 'imageMinimumGCAge', reason: 'it must not be negative' };
    if (most < 0) return { field: 'imageMaximumGCAge', reason: 'it must not be negative' };
    if (most > 0 && most <= least)
      return {
        field: 'imageMaximumGCAge',
        reason: 'it must be more than imageMinimumGCAge (2m unless set)',
        with: ['imageMinimumGCAge'],
      };
    return most !== 0 && !enabled(subject, 'ImageMaximumGCAge')
      ? needsGate('imageMaximumGCAge', 'ImageMaximumGCAge')
      : undefined;
  },
  quotaPeriod: subject => {
    const period = duration(subject.config, 'cpuCFSQuotaPeriod', second / 10);
    if (!enabled(subject, 'CustomCPUCFSQuotaPeriod'))
      return period === second / 10 ? undefined : needsGate('cpuCFSQuotaPeriod', 'CustomCPUCFSQuotaPeriod');
    return period >= second / 1000 && period <= second
      ? undefined
      : { field: 'cpuCFSQuotaPeriod', reason: 'it must be from 1ms to 1s' };
  },
  logInterval: ({ config }) =>
    duration(config, 'containerLogMonitorInterval', 10 * second) >= 3 * second
      ? undefined
      : { field: 'containerLogMonitorInterval', reason: 'it must be at least 3s' },
  syncFrequency: ({ config }) =>
    duration(config, 'syncFrequency', 0) < 0
      ? { field: 'syncFrequency', reason: 'it must not be negative' }
      : undefined,
  crashLoop: subject => {
    const field = 'crashLoopBackOff.maxContainerRestartPeriod';
    const period = duration(subject.config, field, 0);
    if (read(subject.config, field) === undefined) return undefined;
    if (!enabled(subject, 'KubeletCrashLoopBackOffMax')) return needsGate(field, 'KubeletCrashLoopBackOffMax');
    // Whole milliseconds, as upstream compares them.
    const milliseconds = Math.trunc(period / 1e6);
    return milliseconds >= 1000 && milliseconds <= 300000 ? undefined : { field, reason: 'it must be from 1s to 300s' };
  },
  idsPerPod: ({ config }) => {
    const ids = number(config, 'userNamespaces.idsPerPod', 65536);
    if (ids >= 65536 && ids % 65536 === 0 && ids <= 4294967295) return undefined;
    return { field: 'userNamespaces.idsPerPod', reason: 'it must be a multiple of 65536, below 2^32' };
  },
  parallelPulls: ({ config }) => {
    const pulls = number(config, 'maxParallelImagePulls', 1);
    if (pulls <= 1 || !bool(config, 'serializeImagePulls', false)) return undefined;
    return {
      field: 'maxParallelImagePulls',
      reason: 'serializeImagePulls is true, which allows one',
      with: ['serializeImagePulls'],
    };
  },
};
