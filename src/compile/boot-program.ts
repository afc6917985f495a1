import type { Files } from '../ports/files.ts';
import { readYaml } from '../spec/yaml.ts';
import { invariant } from '../tree/invariant.ts';
import { isJsonMap, type JsonMap } from '../tree/merge.ts';

/** A text file that goes to the node as it is; `path` is its path there. */
export type StaticFile = { readonly path: string; readonly name: string; readonly bytes: Uint8Array };

const folder = 'firstboot:cloud-init';

/** cloud-init/ of firstboot itself: the skeleton of the cloud-config, and the boot program with its unit. */
export function readBootProgram(files: Files): {
  readonly cloudConfig: JsonMap;
  readonly bootProgram: readonly StaticFile[];
} {
  const skeleton = `${folder}/user-data.yaml`;
  const yaml = readYaml(skeleton, files.read(skeleton));
  invariant(yaml.ok && isJsonMap(yaml.value), `${skeleton} is a map`);
  const modules = (files.list(`${folder}/firstboot`) ?? []).filter(name => /^\w+\.py$/.test(name));
  const sources = [
    ...modules.map(name => ({ path: `/usr/local/lib/firstboot/${name}`, name: `${folder}/firstboot/${name}` })),
    { path: '/etc/systemd/system/firstboot.service', name: `${folder}/firstboot.service` },
  ];
  return {
    cloudConfig: yaml.value,
    bootProgram: sources.map(source => {
      const result = files.read(source.name);
      invariant(result.kind === 'file', `${source.name} is there`);
      return { ...source, bytes: source.path.endsWith('.py') ? withoutComments(result.bytes) : result.bytes };
    }),
  };
}

/**
 * Comments and docstrings stay in the repository: user-data is small, and they are a tenth of it. The docstring of a class is
 * its body here and stays.
 */
function withoutComments(source: Uint8Array): Uint8Array {
  const lines = new TextDecoder().decode(source).split('\n');
  const kept = lines.filter(
    (line, index) => !/^\s*(#|""".*"""$)/.test(line) || /^\s*class /.test(lines[index - 1] ?? ''),
  );
  return new TextEncoder().encode(kept.join('\n').replace(/^\n+/, ''));
}
