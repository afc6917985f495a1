import fs from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../adapters/write-file.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { CommandIo } from './io.ts';

/** Scaffolds a cluster folder from the example; never overwrites a file. */
export function init(folder: string, io: CommandIo): number {
  const target = path.resolve(io.cwd, folder);
  const example = path.join(io.packageFolder, 'examples/from-scratch');
  const name =
    path
      .basename(target)
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'cluster';
  const files: Readonly<Record<string, string>> = {
    'cluster.yaml': fs
      .readFileSync(path.join(example, 'cluster.yaml'), 'utf8')
      .replace(
        /^# yaml-language-server.*\n# The cluster.*\n/,
        '# docs/cluster.md of firstboot says what every field means.\n',
      )
      .replace('name: from-scratch', `name: ${name}`),
    'pins.yaml': fs.readFileSync(path.join(example, 'pins.yaml'), 'utf8'),
    '.gitignore':
      '# private keys, and what is built from them\npki/*-key.pem\npki/*.kubeconfig\nbuild/\n# what commands of the AWS side keep here\n.firstboot-cloud/\n.firstboot-run\n',
    'README.md': readme(name),
  };
  const there = Object.keys(files).filter(file => fs.existsSync(path.join(target, file)));
  if (there.length > 0) {
    throw new OperationError(
      'FILE_EXISTS',
      `${folder} already has ${there.join(', ')}.`,
      'choose another folder; nothing was written.',
    );
  }
  for (const [file, text] of Object.entries(files)) writeFileAtomically(path.join(target, file), text);
  io.out(
    `${Object.keys(files)
      .map(file => `wrote ${path.join(folder, file)}\n`)
      .join('')}Next: edit cluster.yaml, then \`firstboot pki issue\` and \`firstboot build\` in that folder.\n`,
  );
  return 0;
}

function readme(name: string): string {
  return `# ${name}

The workers of the cluster ${name}, compiled by firstboot.

- \`cluster.yaml\` describes cluster and workers, \`pins.yaml\` the digests of their binaries.
- \`pki/\` holds CA, certificates and keys; keys and kubeconfigs are not committed.
- \`firstboot check\` says what is wrong, \`firstboot build\` writes each worker's user-data and secrets archive to \`build/\`.
`;
}
