import type { Component } from '../../compile/component.ts';
import { providedPaths } from '../../compile/provided.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import type { ClusterRule } from '../context.ts';

const folder = '/etc/systemd/system/';

/** Each unit to start is brought by a component, and each that is brought is started, by us or by another. */
export const bundleUnits: ClusterRule = ({ cluster, inputs }) => {
  const components = inputs.components ?? [];
  const units = providedPaths(cluster, inputs).flatMap(({ path }) => unitNameOf(path) ?? []);
  return [...components.flatMap(component => missing(component, new Set(units))), ...unused(components)];
};

function unitNameOf(path: string): string | undefined {
  return /^(?:\/etc|\/usr\/local\/lib|\/usr\/lib|\/lib)\/systemd\/system\/([^/]+)$/.exec(path)?.[1];
}

function missing({ name, file, units }: Component, provided: ReadonlySet<string>): readonly Finding[] {
  return units.flatMap((unit, index) => {
    const template = unit.replace(/@[^.]+\./, '@.');
    if (provided.has(unit) || provided.has(template) || isOfTheSystem(unit)) return [];
    const args = { unit, component: name, meant: meantUnit(unit, [...provided]) };
    return [finding('BUNDLE_UNIT_MISSING', { file, path: ['units', index] }, args)];
  });
}

/** Compared without the type, which all services share. */
function meantUnit(unit: string, provided: readonly string[]): string | undefined {
  const stem = (name: string) => name.replace(/\.[a-z]+$/, '');
  const type = unit.slice(stem(unit).length);
  const near = didYouMean(stem(unit), provided.map(stem));
  return provided.find(name => name === `${near}${type}`) ?? provided.find(name => stem(name) === near);
}

/** What Ubuntu's cloud images have without our doing. */
function isOfTheSystem(unit: string): boolean {
  return /^(systemd-|dev-|sys-|proc-)/.test(unit) || /\.target$/.test(unit) || images.has(unit);
}

const images = new Set([
  'chrony.service',
  'cron.service',
  'dbus.service',
  'fstrim.timer',
  'rsyslog.service',
  'ssh.service',
  'ssh.socket',
]);

function unused(components: readonly Component[]): readonly Finding[] {
  const decoder = new TextDecoder();
  const started = components.flatMap(component => component.units).map(unit => unit.replace(/@[^.]+\./, '@.'));
  const texts = components.flatMap(({ overlay }) =>
    overlay
      .filter(({ path }) => path.startsWith(folder))
      .map(({ path, bytes }) => ({ path, text: decoder.decode(bytes) })),
  );
  return components.flatMap(({ name, overlay }) =>
    overlay.flatMap(({ path, name: file }) => {
      const unit = path.startsWith(folder) ? unitNameOf(path) : undefined;
      if (!unit || started.includes(unit)) return [];
      const stem = unit.replace(/@?\.[a-z]+$/, '');
      // A timer, socket or path starts the service of its name without naming it.
      const bySibling = started.some(other => other.replace(/@?\.[a-z]+$/, '') === stem && !other.endsWith('.service'));
      const named = texts.some(
        other => other.path !== path && other.text.includes(unit.includes('@') ? `${stem}@` : unit),
      );
      return bySibling || named ? [] : [finding('BUNDLE_UNIT_UNUSED', { file }, { unit, component: name })];
    }),
  );
}
