import type { Path } from '../../diagnostics/origin.ts';
import { type KubeletSubject, text } from './kubelet-subject.ts';

/** Why the kubelet would refuse a value: the field that is named, the fields that are involved beside it. */
export type Refusal = {
  readonly field: string;
  readonly reason: string;
  /** As the message shows it, where it is not the field's own value. */
  readonly value?: string;
  /** The place, where the field's name is not a path of dots (evictionHard's keys have dots of their own). */
  readonly path?: Path;
  readonly with?: readonly string[];
};

/** A condition under which the kubelet does not start, by a name for it. */
export type Conditions = Readonly<
  Record<string, (subject: KubeletSubject) => Refusal | readonly Refusal[] | undefined>
>;

/** A field that only works with a feature that is off. */
export function needsGate(field: string, gate: string): Refusal {
  return { field, reason: `it needs the feature gate ${gate}, which is off`, with: [`featureGates.${gate}`] };
}

/** One of a few words; `fallback` stands in for the empty string, as the kubelet's defaults do. */
export function oneOf(field: string, words: readonly string[], fallback: string) {
  return ({ config }: KubeletSubject): Refusal | undefined =>
    words.includes(text(config, field, fallback))
      ? undefined
      : { field, reason: `it must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}` };
}
