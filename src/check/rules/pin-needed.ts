import type { Component } from '../../compile/component.ts';
import { type Pin, type Pins, pinsFile } from '../../compile/pins.ts';
import type { Origin, Path } from '../../diagnostics/origin.ts';
import { type Arch, versionOf } from '../../spec/resolve.ts';
import type { ClusterContext } from '../context.ts';

/** A binary that some worker fetches, and the path of its pin in pins.yaml. */
export type Needed = {
  readonly binary: string;
  readonly component: Component;
  readonly version: string;
  readonly arch: Arch;
  /** The first worker of that architecture. */
  readonly worker: string;
  readonly pin: Pin | undefined;
  readonly path: Path;
};

/** What the workers need of pins.yaml, once for each architecture; entries that nobody needs are not looked at. */
export function neededPins({ cluster, inputs }: ClusterContext): readonly Needed[] {
  const { components = [], pins } = inputs;
  if (!pins) return [];
  const arches = [...new Map([...cluster.workers].reverse().map(worker => [worker.arch, worker.name]))].reverse();
  return components.flatMap(component =>
    component.binaries.flatMap(({ name }): readonly Needed[] => {
      const version = versionOf(cluster, name);
      if (version === undefined) return [];
      return arches.map(([arch, worker]) => ({
        binary: name,
        component,
        version,
        arch,
        worker,
        pin: entry(pins, name, version)?.[arch],
        path: ['binaries', name, version, arch],
      }));
    }),
  );
}

/** The entry of a binary's version; names come from users' files, so inherited properties do not count. */
export function entry(pins: Pins, binary: string, version: string): Pins[string][string] | undefined {
  const versions = Object.hasOwn(pins, binary) ? pins[binary] : undefined;
  return versions && Object.hasOwn(versions, version) ? versions[version] : undefined;
}

export function pinOrigin(path: Path, atKey = false): Origin {
  return { file: pinsFile, path, atKey };
}

export function describeNeeded({ binary, version, arch }: Needed): { binary: string; version: string; arch: string } {
  return { binary, version, arch };
}
