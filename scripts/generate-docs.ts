import * as z from 'zod';
import { completionScript } from '../src/commands/completion.ts';
import { commandHelp } from '../src/commands/help.ts';
import { commands } from '../src/commands/table.ts';
import { componentSchema } from '../src/compile/component-schema.ts';
import { bootCodes } from '../src/diagnostics/boot-codes.ts';
import { type CodeEntry, catalogue } from '../src/diagnostics/codes.ts';
import { operations } from '../src/diagnostics/operations.ts';
import { specSchema } from '../src/spec/schema.ts';

type JsonSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
};

/** Every generated file by its path in the repository. */
export function generateDocs(): Readonly<Record<string, string>> {
  return {
    'docs/cluster.schema.json': `${JSON.stringify(clusterSchema(), null, 2)}\n`,
    'docs/cluster.md': clusterPage(),
    'docs/errors.md': errorsPage(),
    'docs/commands.md': commandsPage(),
    'completions/firstboot.bash': completionScript('bash', commands) ?? '',
    'completions/_firstboot': completionScript('zsh', commands) ?? '',
    'completions/firstboot.fish': completionScript('fish', commands) ?? '',
  };
}

function toSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

function clusterSchema() {
  return { ...toSchema(specSchema), title: 'firstboot cluster.yaml, version 1' };
}

function clusterPage(): string {
  return `# cluster.yaml and bundle.yaml

Generated from the schema by \`npm run docs\`. A field without a default is required unless it says otherwise. Worker over
cluster over default; maps merge, lists replace. Paths are relative to cluster.yaml.

## cluster.yaml

${table(clusterSchema())}
## bundles/&lt;component&gt;/bundle.yaml

Every key is optional. A file below \`files/\` goes to its path on the node, with mode 0644 (0755 when it is executable in
the checkout) or what \`modes\` says.

${table(toSchema(componentSchema))}`;
}

function table(schema: JsonSchema): string {
  const rows = fields('', schema).map(
    ({ path, type, fallback, description }) =>
      `| \`${path}\` | ${type} | ${fallback} | ${description.replaceAll('|', '\\|')} |\n`,
  );
  return `| field | type | default | meaning |\n|---|---|---|---|\n${rows.join('')}`;
}

type Field = { readonly path: string; readonly type: string; readonly fallback: string; readonly description: string };

function fields(prefix: string, schema: JsonSchema): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) =>
    describe(prefix + key, field, schema.required?.includes(key) === true),
  );
}

function describe(path: string, field: JsonSchema, required: boolean): readonly Field[] {
  const inner = field.anyOf?.find(one => one.type !== 'null') ?? field;
  const below =
    inner.properties !== undefined
      ? fields(`${path}.`, inner)
      : inner.items?.properties !== undefined
        ? fields(`${path}[].`, inner.items)
        : typeof inner.additionalProperties === 'object' && inner.additionalProperties.properties
          ? fields(`${path}.<name>.`, inner.additionalProperties)
          : [];
  return [
    {
      path,
      type: typeOf(field),
      fallback: required ? '**required**' : fallbackOf(field),
      description: field.description ?? inner.description ?? '',
    },
    ...below,
  ];
}

function typeOf(field: JsonSchema): string {
  if (field.anyOf) return [...new Set(field.anyOf.map(typeOf))].join(' or ');
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.enum) return field.enum.map(one => `\`${one}\``).join(' or ');
  switch (field.type) {
    case 'object':
      return 'map';
    case 'array':
      return `list of ${field.items ? typeOf(field.items) : 'anything'}`;
    case 'string':
      return 'text';
    case 'integer':
      return 'number';
    case 'boolean':
      return 'true or false';
    case undefined:
      return 'anything';
    default:
      return field.type;
  }
}

function fallbackOf(field: JsonSchema): string {
  return field.default === undefined ||
    (typeof field.default === 'object' &&
      field.default !== null &&
      Object.keys(field.default).length === 0 &&
      !Array.isArray(field.default))
    ? ''
    : `\`${JSON.stringify(field.default)}\``;
}

function errorsPage(): string {
  const entries = Object.entries(catalogue as Readonly<Record<string, CodeEntry>>);
  const sections = entries.map(([code, { severity, title, hint, explain }]) => {
    const action = typeof hint === 'string' ? `\nWhat to do: ${hint}\n` : '';
    return `## ${code}\n\n${severity === 'error' ? 'Error' : 'Warning'}: ${title}.\n\n${explain}\n${action}`;
  });
  return `# Diagnostics

Generated from the catalogue by \`npm run docs\`. \`firstboot explain CODE\` prints the same. Codes are permanent.
\`--strict\` makes warnings errors.

${sections.join('\n')}
# On the node

Reported by the boot program, in its console lines and in report.json.

${plainSections(bootCodes)}
# Failed operations

The input is right, the world is not.

${plainSections(operations)}`;
}

function plainSections(codes: Readonly<Record<string, { readonly title: string; readonly explain: string }>>): string {
  return Object.entries(codes)
    .map(([code, { title, explain }]) => `## ${code}\n\n${title}.\n\n${explain}\n`)
    .join('\n');
}

function commandsPage(): string {
  const sections = Object.entries(commands).map(
    ([name, command]) => `## firstboot ${name}\n\n\`\`\`\n${commandHelp(name, command)}\`\`\`\n`,
  );
  return `# Commands\n\nGenerated by \`npm run docs\` from what \`firstboot COMMAND --help\` prints.\n\n${sections.join('\n')}`;
}
