import * as z from 'zod';
import { label, quoted } from '../spec/schema-parts.ts';

const nodePath = z.string().refine(isNodePath, {
  error: 'a path on the node is absolute and has no `..`, no empty part and no trailing slash',
  params: { code: 'BUNDLE_PATH_INVALID' },
});

/** Absolute, normal, printable: what systemd, tar and cloud-init read alike. */
export function isNodePath(text: string): boolean {
  return /^(\/[A-Za-z0-9._@+:~-]+)+$/.test(text) && !text.split('/').some(part => part === '.' || part === '..');
}

const mode = z
  .string({ error: quoted('a mode') })
  .regex(/^0[0-7]{3}$/, { error: 'a mode is four octal digits in quotes, for example "0600"' });

const binary = z
  .strictObject({
    name: label('a binary’s name').describe('Name in `versions` and pins.yaml.'),
    install: nodePath.optional().describe('Path on the node, for a binary that is a plain file.'),
    unpack: nodePath.optional().describe('Folder on the node to unpack into, for an archive.'),
    members: z
      .array(z.string().regex(/^(?!\/)(?!.*\.\.)[A-Za-z0-9._@+/-]+$/, { error: 'a member is a relative path' }))
      .optional()
      .describe('Members of the archive to unpack; all when absent.'),
  })
  .refine(({ install, unpack }) => (install === undefined) !== (unpack === undefined), {
    error: 'a binary has either install (a plain file) or unpack (an archive)',
  });

const identityEntry = z.strictObject({
  from: z
    .enum(['ca', 'certificate', 'key', 'kubeconfig'])
    .describe('What it is: `ca`, `certificate`, `key` or `kubeconfig`.'),
  of: label('an identity’s name')
    .optional()
    .describe('Whose: default the worker’s own; kube-proxy has one for all workers.'),
  path: nodePath.describe('Path on the node.'),
  mode: mode.describe('Mode, four octal digits.'),
});

/** bundles/<component>/bundle.yaml: every key is optional. */
export const componentSchema = z.strictObject({
  requires: z
    .array(label('a component name'))
    .default([])
    .describe('Components that this one needs; they are installed and started first.'),
  binaries: z.array(binary).default([]),
  identity: z.array(identityEntry).default([]),
  units: z
    .array(
      z.string().regex(/^[A-Za-z0-9:_.@\\-]+\.(service|socket|timer|path|mount|target)$/, {
        error: 'a unit is a name such as kubelet.service',
      }),
    )
    .default([])
    .describe('Units to enable and start.'),
  kernel: z
    .strictObject({
      modules: z
        .array(z.string().regex(/^[A-Za-z0-9_-]+$/, { error: 'this is not the name of a kernel module' }))
        .default([]),
      sysctls: z
        .record(
          z.string().regex(/^[A-Za-z0-9_./-]+$/, { error: 'this is not the name of a sysctl' }),
          z.union([z.string().regex(/^[^\n]*$/), z.int()]).transform(String),
        )
        .default({}),
    })
    .prefault({}),
  modes: z
    .record(nodePath, mode)
    .default({})
    .describe('Modes of overlay files where they differ from 0644 (0755 when executable).'),
});

export type ComponentSpec = z.output<typeof componentSchema>;
