import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import type { ClusterRule } from '../context.ts';
import { describeNeeded, entry, type Needed, neededPins, pinOrigin } from './pin-needed.ts';

/** Every binary that a worker needs has an entry: by name, version and architecture, and with a digest. */
export const pinEntries: ClusterRule = context => {
  const { pins } = context.inputs;
  if (!pins) return [];
  const reported = new Set<string>();
  return neededPins(context).flatMap((needed): readonly Finding[] => {
    const found = judge(needed, pins);
    if (!found || reported.has(found.message)) return [];
    reported.add(found.message);
    return [found];
  });
};

function judge(needed: Needed, pins: NonNullable<Parameters<ClusterRule>[0]['inputs']['pins']>): Finding | undefined {
  const { binary, version, arch, worker, component, pin } = needed;
  const versions = Object.hasOwn(pins, binary) ? pins[binary] : undefined;
  if (!versions) {
    const known = Object.keys(pins);
    return finding('PIN_BINARY_MISSING', pinOrigin(['binaries'], true), {
      binary,
      component: component.name,
      known,
      meant: didYouMean(binary, known),
    });
  }
  if (!entry(pins, binary, version)) {
    return finding('PIN_VERSION_MISSING', pinOrigin(['binaries', binary], true), {
      binary,
      version,
      known: Object.keys(versions),
    });
  }
  if (!pin)
    return finding('PIN_ARCH_MISSING', pinOrigin(['binaries', binary, version], true), {
      binary,
      version,
      arch,
      worker,
    });
  return pin.sha256 === undefined
    ? finding('PIN_DIGEST_MISSING', pinOrigin(needed.path, true), describeNeeded(needed))
    : undefined;
}
