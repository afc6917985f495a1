import type { Conditions, Refusal } from './kubelet-refusal.ts';
import { type KubeletSubject, strings } from './kubelet-subject.ts';
import { parseDuration, parsePercentage, parseQuantity } from './kubelet-units.ts';

/** pkg/kubelet/eviction/helpers.go, signalToResource. */
const signals = [
  'memory.available',
  'allocatableMemory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'containerfs.available',
  'containerfs.inodesFree',
  'pid.available',
];

/** Thresholds as eviction.ParseThresholdConfig reads them when the kubelet starts. */
export const evictionConditions: Conditions = {
  evictionHard: each('evictionHard', threshold),
  evictionSoft: each('evictionSoft', threshold),
  evictionSoftGracePeriod: each('evictionSoftGracePeriod', value => {
    const period = parseDuration(value);
    return period === undefined
      ? 'it is not a duration such as 1m30s'
      : period < 0
        ? 'it must not be negative'
        : undefined;
  }),
  evictionMinimumReclaim: each('evictionMinimumReclaim', value => {
    if (value.endsWith('%')) return (parsePercentage(value) ?? 0) > 0 ? undefined : 'it must be a positive percentage';
    const quantity = parseQuantity(value);
    return quantity === undefined ? notQuantity : quantity < 0 ? 'it must not be negative' : undefined;
  }),
  softWithoutGrace: ({ config }) => {
    const graced = new Set(strings(config, 'evictionSoftGracePeriod').map(([signal]) => signal));
    // 0% and 100% switch a threshold off.
    return strings(config, 'evictionSoft')
      .filter(([signal, value]) => !graced.has(signal) && value !== '0%' && value !== '100%')
      .map(
        ([signal, value]): Refusal => ({
          field: `evictionSoft.${signal}`,
          value,
          path: ['evictionSoft', signal],
          reason: `evictionSoftGracePeriod has no ${signal}`,
          with: ['evictionSoftGracePeriod'],
        }),
      );
  },
};

const notQuantity = 'it is neither a quantity such as 100Mi nor a percentage such as 10%';

function threshold(value: string): string | undefined {
  if (value.endsWith('%')) {
    const percentage = parsePercentage(value);
    if (percentage === undefined) return notQuantity;
    return percentage >= 0 && percentage <= 100 ? undefined : 'a percentage is from 0% to 100%';
  }
  const quantity = parseQuantity(value);
  if (quantity === undefined) return notQuantity;
  return quantity > 0 ? undefined : 'it must be more than 0';
}

function each(field: string, problem: (value: string) => string | undefined) {
  return ({ config }: KubeletSubject): readonly Refusal[] =>
    strings(config, field).flatMap(([signal, value]) => {
      const reason = signals.includes(signal)
        ? problem(value)
        : `${signal} is no eviction signal (${signals.join(', ')})`;
      return reason === undefined ? [] : [{ field: `${field}.${signal}`, value, path: [field, signal], reason }];
    });
}
