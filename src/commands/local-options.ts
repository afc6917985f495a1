import fs from 'node:fs';
import path from 'node:path';
import type { InstanceKind, InstanceOptions } from '../local/instances/instance-kind.ts';
import type { CommandIo } from './io.ts';
import type { ParsedOptions } from './table.ts';

/** Folder of the embedded cloud: --state, else beside the spec. Absolute. */
export function stateFolderOf(options: ParsedOptions, io: CommandIo): string {
  const given = textOf(options.state);
  if (given !== undefined) return path.resolve(io.cwd, given);
  const spec = path.resolve(io.cwd, textOf(options.cluster) ?? 'cluster.yaml');
  const isFolder = fs.statSync(spec, { throwIfNoEntry: false })?.isDirectory() === true;
  return path.join(isFolder ? spec : path.dirname(spec), '.firstboot-cloud');
}

/** What instances are, as --instances and the options beside it say. */
export function instanceOptionsOf(options: ParsedOptions, io: CommandIo): InstanceOptions {
  const file = (name: string) => {
    const given = textOf(options[name]);
    return given === undefined ? undefined : path.resolve(io.cwd, given);
  };
  return {
    kind: (textOf(options.instances) ?? 'record') as InstanceKind,
    mirror: file('mirror'),
    image: file('image'),
    kernel: file('kernel'),
    initrd: file('initrd'),
    namespace: textOf(options.namespace),
  };
}

export function textOf(value: ParsedOptions[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
