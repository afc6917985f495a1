import type { Component, OverlayFile } from '../../compile/component.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { ClusterRule } from '../context.ts';

/** None but root writes what components bring, and units are not executable. */
export const bundleModes: ClusterRule = ({ inputs }) =>
  (inputs.components ?? []).flatMap(component => [
    ...component.overlay.flatMap(file => overlayMode(component, file)),
    ...component.identity.flatMap(({ from, path, mode }, index) =>
      // A key that others may write, they may read: that has a code of its own.
      from === 'key' ? [] : writable(path, mode, { file: component.file, path: ['identity', index, 'mode'] }),
    ),
  ]);

function overlayMode(component: Component, { path, name, mode }: OverlayFile): readonly Finding[] {
  const origin = path in component.modes ? { file: component.file, path: ['modes', path] } : { file: name };
  const executable = (Number.parseInt(mode, 8) & 0o111) !== 0;
  const unit = /^\/etc\/systemd\/system\/.*\.(service|socket|timer|path|mount|target|slice|conf)$/.test(path);
  return [
    ...writable(path, mode, origin),
    ...(executable && unit ? [finding('BUNDLE_UNIT_EXECUTABLE', origin, { path, mode })] : []),
  ];
}

function writable(path: string, mode: string, origin: Origin): readonly Finding[] {
  return Number.parseInt(mode, 8) & 0o022 ? [finding('BUNDLE_FILE_WRITABLE', origin, { path, mode })] : [];
}
