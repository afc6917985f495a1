import type { CommandIo } from './io.ts';
import { awsCommands } from './table-aws.ts';

/** An option of a command line: `value` names its argument in the help; without it the option is a switch. */
export type OptionSpec = {
  readonly value?: string;
  readonly many?: boolean;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly short?: string;
};

export type ParsedOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type Command = {
  readonly summary: string;
  /** Positional arguments as the help shows them. */
  readonly operands?: string;
  /** How many positional arguments are taken: at least, at most. */
  readonly count?: readonly [number, number];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly run: (options: ParsedOptions, operands: readonly string[], io: CommandIo) => Promise<number>;
};

const cluster = { value: 'FILE', help: 'cluster spec (default: cluster.yaml)' };
const json = { help: 'print one JSON document on stdout' };
const strict = { help: 'treat warnings as errors' };
const worker = { value: 'NAME', many: true, help: 'only this worker; may be repeated' };

/** Every command; each loads its code only when it runs. */
export const commands: Readonly<Record<string, Command>> = {
  init: {
    summary: 'scaffold a cluster folder',
    operands: 'DIR',
    count: [1, 1],
    options: {},
    run: async (_, [folder = ''], io) => (await import('./init.ts')).init(folder, io),
  },
  'pki issue': {
    summary: 'issue what is missing: CA, identities, kubeconfigs',
    options: {
      cluster,
      'ca-key': { value: 'FILE', help: 'the CA’s private key (default: ca-key.pem in the PKI folder)' },
      'key-type': { value: 'TYPE', choices: ['rsa', 'ec'], help: 'type of new keys (default: rsa)' },
      days: { value: 'N', help: 'days that new certificates are valid (default: 365)' },
      force: { help: 'issue anew what is there already; never the CA' },
      worker,
      json,
    },
    run: async (options, _, io) => (await import('./pki-issue.ts')).pkiIssueCommand(options, io),
  },
  check: {
    summary: 'say everything that is wrong; write nothing',
    options: { cluster, strict, json },
    run: async (options, _, io) =>
      (await import('./check.ts')).check({ cluster: specOf(options), strict: options.strict === true }, io),
  },
  build: {
    summary: 'check, compile and write each worker’s user-data and secrets archive',
    options: {
      cluster,
      out: { value: 'DIR', help: 'where to write (default: build/ beside the spec)' },
      worker,
      strict,
      json,
    },
    run: async (options, _, io) =>
      (await import('./build.ts')).build(
        {
          cluster: specOf(options),
          out: textOf(options.out),
          workers: listOf(options.worker),
          strict: options.strict === true,
        },
        io,
      ),
  },
  explain: {
    summary: 'explain a diagnostic code, or list all of them',
    operands: '[CODE]',
    count: [0, 1],
    options: { json },
    run: async (_, [code], io) => (await import('./explain.ts')).explain(code, io),
  },
  pin: {
    summary: 'fill pins.yaml with digests and sizes',
    options: { cluster, mirror: { value: 'DIR', help: 'take the binaries from a folder instead of their URLs' }, json },
    run: async (options, _, io) =>
      (await import('./pin.ts')).pin({ cluster: specOf(options), mirror: textOf(options.mirror) }, io),
  },
  rehearse: {
    summary: 'run a worker’s real boot program in a scratch root, with metadata and object server of its own',
    operands: 'WORKER',
    count: [1, 1],
    options: {
      cluster,
      root: { value: 'DIR', help: 'scratch root, kept (default: a temporary one, removed at the end)' },
      mirror: { value: 'DIR', help: 'take the binaries from a folder instead of their URLs' },
      fault: { value: 'NAME[@PHASE]', many: true, help: 'inject a fault; may be repeated; `list` names them all' },
      json,
    },
    run: async (options, [worker = ''], io) =>
      (await import('./rehearse.ts')).rehearseCommand(
        {
          cluster: specOf(options),
          worker,
          root: textOf(options.root),
          mirror: textOf(options.mirror),
          faults: listOf(options.fault),
        },
        io,
      ),
  },
  boot: {
    summary: 'boot workers’ exact bytes in local QEMU machines with real cloud-init',
    operands: 'WORKER…',
    count: [1, 64],
    options: {
      cluster,
      image: { value: 'FILE', help: 'cloud image, raw or qcow2; never written to' },
      kernel: { value: 'FILE', help: 'kernel, where the image is a bare file system' },
      initrd: { value: 'FILE', help: 'initial RAM disk for --kernel' },
      mirror: { value: 'DIR', help: 'take the binaries from a folder instead of their URLs' },
      until: { value: 'PHASE', help: 'follow the boot until this phase is ok (default: done)' },
      timeout: { value: 'TIME', help: 'give up after this time, for example 900s or 15m (default: 15m)' },
      work: { value: 'DIR', help: 'folder for disks, consoles and logs; a disk there boots again' },
      keep: { help: 'leave the machine running until Ctrl-C, and the folder after it' },
      namespace: { value: 'NAME', help: 'use this network namespace and its bridge br0 (root)' },
      fault: { value: 'NAME[@PHASE]', many: true, help: 'inject a fault of the servers, as `rehearse` does' },
      json,
    },
    run: async (options, workers, io) =>
      (await import('./boot.ts')).bootCommand(
        {
          cluster: specOf(options),
          workers,
          image: textOf(options.image),
          kernel: textOf(options.kernel),
          initrd: textOf(options.initrd),
          mirror: textOf(options.mirror),
          until: textOf(options.until),
          timeout: textOf(options.timeout),
          work: textOf(options.work),
          keep: options.keep === true,
          namespace: textOf(options.namespace),
          faults: listOf(options.fault),
        },
        io,
      ),
  },
  report: {
    summary: 'read a console log or a boot report: what happened when',
    operands: 'FILE|-',
    count: [1, 1],
    options: { html: { help: 'print a page with the timeline as a picture' }, json },
    run: async (options, [file = ''], io) =>
      (await import('./report.ts')).reportCommand({ file, html: options.html === true }, io),
  },
  ...awsCommands,
  completion: {
    summary: 'print a shell completion script',
    operands: 'bash|zsh|fish',
    count: [1, 1],
    options: {},
    run: async (_, [shell = ''], io) => (await import('./completion.ts')).completion(shell, commands, io),
  },
};

function specOf(options: ParsedOptions): string {
  return textOf(options.cluster) ?? 'cluster.yaml';
}

export function textOf(value: ParsedOptions[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function listOf(value: ParsedOptions[string]): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
