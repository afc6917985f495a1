import type { Component } from '../../compile/component.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { ClusterRule } from '../context.ts';

/** A binary is where commands are looked for, or a file of a component names its path. */
export const bundleBinaries: ClusterRule = ({ inputs }) => {
  const components = inputs.components ?? [];
  const text = once(() => overlayText(components));
  return components.flatMap(({ file, binaries }) =>
    binaries.flatMap(({ name, install }, index) => {
      if (install === undefined || onPath(install) || text().includes(install)) return [];
      const origin = { file, path: ['binaries', index, 'install'] };
      return [finding('BUNDLE_BINARY_UNUSED', origin, { binary: name, path: install })];
    }),
  );
};

/** No binary is brought twice. */
export const bundleBinaryNames: ClusterRule = ({ inputs }) => {
  const first = new Map<string, { readonly component: string; readonly path: string; readonly origin: Origin }>();
  const findings: Finding[] = [];
  for (const { name: component, file, binaries } of inputs.components ?? []) {
    for (const [index, { name, install, unpack }] of binaries.entries()) {
      const path = install ?? unpack ?? '';
      const origin = { file, path: ['binaries', index, 'name'] };
      const other = first.get(name);
      if (!other) first.set(name, { component, path, origin });
      else {
        const args = { binary: name, component, path, other: other.component, otherPath: other.path };
        const note = { message: `${other.component} brings it here`, origin: other.origin };
        findings.push(finding('BUNDLE_BINARY_NAME', origin, args, [note]));
      }
    }
  }
  return findings;
};

function onPath(path: string): boolean {
  return /^(\/usr\/local\/s?bin|\/usr\/s?bin|\/s?bin|\/opt\/cni\/bin)\/[^/]+$/.test(path);
}

function overlayText(components: readonly Component[]): string {
  const decoder = new TextDecoder();
  return components.flatMap(({ overlay }) => overlay.map(({ bytes }) => decoder.decode(bytes))).join('\n');
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
