import type { CodeEntry } from '../codes.ts';

type Entries = Readonly<Record<`SPEC_${string}`, CodeEntry>>;

function isBundleFile(file: string): boolean {
  return /(^|\/)bundle\.yaml$/.test(file);
}

function isPinsFile(file: string): boolean {
  return /(^|\/)pins\.yaml$/.test(file);
}

/** What to write instead; `source` is a number or boolean as it stands in the file. */
function typeHint(a: { expected: string; found: string; source: string | undefined }): string {
  if (a.found === 'null') return 'remove the key, or give it a value.';
  if (a.source !== undefined && /\btext\b/.test(a.expected)) return `put it in quotes: "${a.source}".`;
  switch (a.expected) {
    case 'a list':
      return 'write a list: `[value]`.';
    case 'a map':
      return 'write `key: value` lines below it, indented; `{}` is an empty map.';
    case 'a number':
    case 'true or false':
      return `write ${a.expected}, without quotes.`;
    default:
      return 'write a value of that type.';
  }
}

/** YAML files of ours (cluster.yaml, pins.yaml, bundle.yaml): what is wrong with the file, its YAML or the form of its fields. */
export const specFileCodes = {
  SPEC_FILE_UNREADABLE: {
    severity: 'error',
    title: 'A file of the cluster folder cannot be read',
    message: (a: { file: string; reason: string }) => `${a.file} cannot be read: ${a.reason}.`,
    hint: (a: { file: string }) => {
      if (isBundleFile(a.file)) return 'a component needs a bundle.yaml; `{}` is enough.';
      if (isPinsFile(a.file)) return 'copy the pins.yaml of the example, or write one and run `firstboot pin`.';
      return 'name the file with --cluster FILE, or make a cluster folder with `firstboot init DIR`.';
    },
    explain: 'cluster.yaml, pins.yaml and every bundle.yaml must be regular, readable files of at most 16 MiB.',
  },
  SPEC_FILE_ENCODING: {
    severity: 'error',
    title: 'A file is not UTF-8 text',
    message: (a: { reason: string }) => `this cannot be read as text: ${a.reason}.`,
    hint: 'save the file as UTF-8; CRLF line ends and a byte order mark are fine.',
    explain:
      'YAML files are read as UTF-8. Editors on Windows may write UTF-16; copying by serial console or a broken transfer leaves NUL bytes.',
  },
  SPEC_FILE_EMPTY: {
    severity: 'error',
    title: 'A file says nothing',
    message: (a: { file: string }) => `${a.file} is empty.`,
    hint: (a: { file: string }) =>
      isPinsFile(a.file)
        ? 'copy the pins.yaml of the example, or write one and run `firstboot pin`.'
        : '`firstboot init DIR` writes one to start from.',
    explain:
      'The file has no YAML document, or only comments. (An empty bundle.yaml is fine: every key of it has a default.)',
  },
  SPEC_YAML_SYNTAX: {
    severity: 'error',
    title: 'The YAML cannot be parsed',
    message: (a: { reason: string }) => `this cannot be read as YAML: ${a.reason}.`,
    hint: 'mend the line that the place points at, or the one before it.',
    explain: 'The file is read as YAML 1.2. The reason is the parser’s own.',
  },
  SPEC_YAML_DUPLICATE_KEY: {
    severity: 'error',
    title: 'A key stands twice in a map',
    message: (a: { key: string }) => `the key ${a.key} stands twice in this map.`,
    hint: 'remove one of the two; two workers need two names.',
    explain: 'YAML readers silently take the last of equal keys, so the first worker of that name would vanish.',
  },
  SPEC_YAML_ALIAS: {
    severity: 'error',
    title: 'Anchors, aliases and merge keys are not read',
    message: (a: { name: string }) =>
      `${a.name} is a YAML ${a.name === '<<' ? 'merge key' : 'anchor or alias'}, which firstboot does not follow.`,
    hint: 'write the value out; what all workers share belongs in the cluster’s own fields, which every worker inherits.',
    explain:
      'An alias hides from the reader what a worker gets, moves the place of an error elsewhere, and nested aliases can fill the memory.',
  },
  SPEC_YAML_SEVERAL_DOCUMENTS: {
    severity: 'error',
    title: 'Several YAML documents in one file',
    message: () => 'a second YAML document begins here; only the first would be read.',
    hint: 'keep one document a file: remove the `---` and what follows.',
    explain: 'One file describes one cluster.',
  },
  SPEC_YAML_TAB: {
    severity: 'error',
    title: 'A tab indents a line',
    message: () => 'a tab is used as indentation, which YAML forbids.',
    hint: 'indent with spaces.',
    explain: 'YAML counts columns, so tabs may not indent.',
  },
  SPEC_UNKNOWN_FIELD: {
    severity: 'error',
    title: 'A field that firstboot does not know',
    message: (a: { field: string; known: readonly string[]; meant: string | undefined }) =>
      `there is no field ${a.field}.`,
    hint: (a: { known: readonly string[]; meant: string | undefined }) =>
      a.meant
        ? `did you mean ${a.meant}?`
        : a.known.length === 0
          ? 'remove it, or take another name.'
          : `known here: ${a.known.join(', ')}.`,
    explain:
      'An unknown field would be ignored silently, so a misspelt one would do nothing. docs/cluster.md lists all of them.',
  },
  SPEC_MISSING_FIELD: {
    severity: 'error',
    title: 'A required field is missing',
    message: (a: { field: string; expected: string }) => `${a.field} is missing (${a.expected}).`,
    hint: 'add it; docs/cluster.md says what it means.',
    explain: 'The field has no default, since a wrong guess would produce a machine that cannot join.',
  },
  SPEC_WRONG_TYPE: {
    severity: 'error',
    title: 'A value is of the wrong type',
    message: (a: { field: string; expected: string; found: string; source: string | undefined }) =>
      `${a.field} should be ${a.expected}, but is ${a.found}.`,
    hint: typeHint,
    explain:
      'YAML decides the type by how a value is written: 1.36 and 0644 are numbers, yes may be text, an empty value is null.',
  },
  SPEC_INVALID_VALUE: {
    severity: 'error',
    title: 'A value has the wrong form',
    message: (a: { file: string; field: string; value: string; reason: string; meant: string | undefined }) =>
      `${a.field} cannot be “${a.value}”: ${a.reason}.`,
    hint: (a: { file: string; meant: string | undefined }) => {
      if (a.meant !== undefined) return `write ${a.meant}.`;
      if (isBundleFile(a.file)) return 'docs/cluster.md shows the form of every field, in its section on bundle.yaml.';
      return isPinsFile(a.file)
        ? 'the pins.yaml of the example shows the form.'
        : 'docs/cluster.md shows the form of every field.';
    },
    explain: 'The value has the right type but not the form that the api-server, AWS or the kubelet expects.',
  },
  SPEC_VERSION: {
    severity: 'error',
    title: 'The file is of another format version',
    message: (a: { found: string; quoted: boolean }) =>
      a.quoted
        ? 'the version is the text “1”, and must be the number 1.'
        : `this file says version ${a.found}; this firstboot reads version 1.`,
    hint: (a: { quoted: boolean }) =>
      a.quoted
        ? 'write `version: 1`, without quotes.'
        : 'write `version: 1`, or use the firstboot that wrote the file.',
    explain: 'The version is of the format of the file, not of Kubernetes.',
  },
  SPEC_WORKER_NAME: {
    severity: 'error',
    title: 'A worker’s name is no RFC 1123 label',
    message: (a: { field: string; value: string; reason: string }) =>
      `“${a.value}” cannot be a worker’s name: ${a.reason}.`,
    hint: 'rename the worker, and issue its certificate for the new name.',
    explain:
      'The name becomes hostname, node name and certificate subject, so it is bound by all three: at most 63 lower-case letters, digits and dashes.',
  },
  SPEC_PATH_ESCAPES: {
    severity: 'error',
    title: 'A file name leaves its folder',
    message: (a: { field: string; value: string }) => `${a.field} “${a.value}” leaves its folder.`,
    hint: 'name a file below the folder, without `..` and without a leading slash.',
    explain:
      'File names of the PKI folder and of overlays are confined to their folder, so that a spec cannot pack files from elsewhere.',
  },
} satisfies Entries;
