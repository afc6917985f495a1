import type { Files } from '../ports/files.ts';
import { readYaml } from '../spec/yaml.ts';
import { invariant } from '../tree/invariant.ts';
import { isJsonMap, type JsonMap } from '../tree/merge.ts';
import { bootScript } from './boot-script.ts';

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
  const names = (files.list(`${folder}/firstboot`) ?? []).filter(name => /^\w+\.py$/.test(name));
  const modules = names.map(name => [name.replace('.py', ''), readText(files, `${folder}/firstboot/${name}`)] as const);
  const unit = 'firstboot.service';
  const encode = (text: string) => new TextEncoder().encode(text);
  return {
    cloudConfig: yaml.value,
    bootProgram: [
      {
        path: '/usr/local/lib/firstboot/__main__.py',
        name: `${folder}/firstboot/__main__.py`,
        bytes: encode(bootScript(new Map(modules))),
      },
      {
        path: `/etc/systemd/system/${unit}`,
        name: `${folder}/${unit}`,
        bytes: encode(readText(files, `${folder}/${unit}`).replace(/^#.*\n/gm, '')),
      },
    ],
  };
}

function readText(files: Files, name: string): string {
  const result = files.read(name);
  invariant(result.kind === 'file', `${name} is there`);
  return new TextDecoder().decode(result.bytes);
}
