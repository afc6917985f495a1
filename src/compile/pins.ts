import * as z from 'zod';
import type { Finding } from '../diagnostics/diagnostic.ts';
import type { Files } from '../ports/files.ts';
import { validate } from '../spec/parse.ts';
import { quoted } from '../spec/schema-parts.ts';
import { readYaml } from '../spec/yaml.ts';

const text = z.string({ error: quoted('this') });

/** Digests are judged by rules, not by the schema, so that each mistake has a code of its own. */
const pin = z.strictObject({
  url: z.union([text, z.array(text).min(1)]).transform(url => (typeof url === 'string' ? [url] : url)),
  sha256: text.optional(),
  size: z.int().positive().optional(),
  files: z.record(z.string(), text).optional(),
});

const pinsSchema = z.strictObject({
  version: z.literal(1, { error: 'this firstboot reads version 1' }),
  binaries: z.record(
    z.string(),
    z.record(z.string(), z.strictObject({ amd64: pin.optional(), arm64: pin.optional() })),
  ),
});

export type Pin = z.output<typeof pin>;
/** binary -> version -> architecture -> pin */
export type Pins = z.output<typeof pinsSchema>['binaries'];

export const pinsFile = 'pins.yaml';

export function readPins(files: Files): { readonly pins?: Pins; readonly findings: readonly Finding[] } {
  const yaml = readYaml(pinsFile, files.read(pinsFile));
  if (!yaml.ok) return yaml;
  const pins = validate(pinsFile, pinsSchema, yaml.value, yaml.sourceAt);
  return pins.ok ? { pins: pins.value.binaries, findings: [] } : pins;
}
