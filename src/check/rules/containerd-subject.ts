import { parse, TomlError } from 'smol-toml';
import type { Component, OverlayFile } from '../../compile/component.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { type Cluster, versionOf } from '../../spec/resolve.ts';
import { valueAt } from '../../tree/merge.ts';
import { decodeText } from '../../tree/text.ts';

const configPath = '/etc/containerd/config.toml';

/** containerd's configuration as it reads it; without a file its defaults hold (`config` is empty). */
export type Containerd = {
  readonly component: Component;
  /** The overlay file, or the component's bundle.yaml when there is none. */
  readonly file: string;
  readonly text: string;
  readonly config: unknown;
  /** What config.toml says; 1 when it says nothing. */
  readonly version: number;
  /** The version of config.toml that this containerd has itself: what is older it migrates, what is newer it refuses. */
  readonly current: number;
  readonly problem?: { readonly reason: string; readonly offset: number };
};

/** Undefined where no component brings a containerd. */
export function containerdOf(cluster: Cluster, components: readonly Component[]): Containerd | undefined {
  const component = components.find(
    one =>
      one.binaries.some(({ name }) => name === 'containerd') || one.overlay.some(({ path }) => path === configPath),
  );
  const file = components.flatMap(one => one.overlay).find(({ path }) => path === configPath);
  return component && { component, current: currentVersion(cluster), ...readConfig(file, component) };
}

function readConfig(file: OverlayFile | undefined, component: Component) {
  if (!file) return { file: component.file, text: '', config: {}, version: 1 };
  const read = { file: file.name, text: '', config: {}, version: 1 };
  const text = decodeText(file.bytes);
  if (!text.ok) return { ...read, problem: { reason: text.reason, offset: 0 } };
  try {
    const config: unknown = parse(text.text);
    const version = valueAt(config, ['version']);
    if (version !== undefined && !Number.isInteger(version)) {
      const offset = offsetOf(text.text, ['version']);
      return {
        ...read,
        text: text.text,
        problem: { reason: `its version is ${JSON.stringify(version)}, not a number`, offset },
      };
    }
    return { ...read, text: text.text, config, version: Math.max(Number(version ?? 1), 1) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const before = text.text.split('\n').slice(0, error.line - 1);
    const offset = before.reduce((sum, line) => sum + line.length + 1, 0) + Math.max(error.column - 1, 0);
    const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    return { ...read, text: text.text, problem: { reason, offset: Math.min(offset, text.text.length) } };
  }
}

/** 1.x has 2, 2.0 has 3, 2.3 has 4 (`containerd config default` of each). */
function currentVersion(cluster: Cluster): number {
  const [, major = '2', minor = '3'] = /^v?(\d+)\.(\d+)/.exec(versionOf(cluster, 'containerd') ?? '') ?? [];
  if (Number(major) < 2) return 2;
  return Number(major) === 2 && Number(minor) < 3 ? 3 : 4;
}

const oldId = 'io.containerd.grpc.v1.cri';
export type CriPart = 'runtime' | 'images';

/** The names that a section of the CRI plugin goes by, the one that wins first; migration carries older ones over. */
function idsOf({ version, current }: Containerd, part: CriPart): readonly string[] {
  const ours = `io.containerd.cri.v1.${part}`;
  if (current < 3) return version < 2 ? [oldId, 'cri'] : [oldId];
  if (version >= current) return [ours];
  return version < 2 ? [ours, oldId, 'cri'] : [ours, oldId];
}

/** A value of the CRI plugin and where it stands. */
export function criValue(
  containerd: Containerd,
  part: CriPart,
  path: readonly string[],
): { readonly value: unknown; readonly keys: readonly string[] } {
  const places = idsOf(containerd, part).map(id => ['plugins', id, ...path]);
  const keys = places.find(place => valueAt(containerd.config, place) !== undefined) ?? places[0] ?? [];
  return { value: valueAt(containerd.config, keys), keys };
}

/** Sections that would be ignored: of version 2 where nothing is migrated any more, of version 3 in a containerd 1.x. */
export function foreignSections({
  config,
  version,
  current,
}: Containerd): readonly { readonly id: string; readonly instead: string }[] {
  if (current < 3) {
    return (['runtime', 'images'] as const)
      .map(part => `io.containerd.cri.v1.${part}`)
      .filter(id => valueAt(config, ['plugins', id]) !== undefined)
      .map(id => ({ id, instead: oldId }));
  }
  if (version < current) return [];
  // What is left in the old plugin is the streaming server.
  const moved = [
    { key: 'containerd', part: 'runtime' },
    { key: 'cni', part: 'runtime' },
    { key: 'registry', part: 'images' },
  ].find(({ key }) => valueAt(config, ['plugins', oldId, key]) !== undefined);
  return moved ? [{ id: oldId, instead: `io.containerd.cri.v1.${moved.part}` }] : [];
}

/** The place of a value in the file; of the nearest table above it when it is not set. */
export function originOfKey({ file, text }: Containerd, keys: readonly string[]): Origin {
  return text === '' ? { file } : { file, offset: offsetOf(text, keys) };
}

/** By lines: tables and keys as people write them. Inline tables and text over several lines are found by the key that holds them. */
function offsetOf(text: string, keys: readonly string[]): number {
  let [table, offset, best, length]: [readonly string[], number, number, number] = [[], 0, 0, 0];
  for (const line of text.split('\n')) {
    const header = /^\s*\[\[?([^\]]*)\]/.exec(line)?.[1];
    const key = /^\s*((?:[A-Za-z0-9_.\s-]|"[^"]*"|'[^']*')+?)\s*=/.exec(line)?.[1];
    if (header !== undefined) table = splitKey(header);
    const path = header !== undefined ? table : key === undefined ? [] : [...table, ...splitKey(key)];
    // A table of the same plugin is nearer than the top of the file, so a common beginning counts.
    const differs = keys.findIndex((part, index) => part !== path[index]);
    const common = differs === -1 ? keys.length : differs;
    if (common > length) [best, length] = [offset + line.search(/\S/), common];
    offset += line.length + 1;
  }
  return best;
}

function splitKey(key: string): readonly string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
