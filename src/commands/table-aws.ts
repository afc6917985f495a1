import type { Command, OptionSpec, ParsedOptions } from './table.ts';

type Options = Readonly<Record<string, OptionSpec>>;

const cluster: OptionSpec = { value: 'FILE', help: 'cluster spec (default: cluster.yaml)' };
const json: OptionSpec = { help: 'print one JSON document on stdout' };
const yes: OptionSpec = { help: 'do not ask' };
const kubeconfig: OptionSpec = {
  value: 'FILE',
  help: 'the operator’s kubeconfig (default: KUBECONFIG, ~/.kube/config)',
};
const state: OptionSpec = {
  value: 'DIR',
  help: 'folder of the embedded cloud (default: .firstboot-cloud/ beside the spec)',
};
const local: Options = { local: { help: 'use the embedded cloud instead of AWS' }, state };
const machines: Options = {
  instances: { value: 'KIND', choices: ['record', 'rehearse', 'qemu'], help: 'what an instance is (default: record)' },
  mirror: { value: 'DIR', help: 'take the binaries from a folder instead of their URLs' },
  image: { value: 'FILE', help: 'qemu: cloud image, raw or qcow2; never written to' },
  kernel: { value: 'FILE', help: 'qemu: kernel, where the image is a bare file system' },
  initrd: { value: 'FILE', help: 'qemu: initial RAM disk for --kernel' },
  namespace: { value: 'NAME', help: 'qemu: use this network namespace and its bridge br0 (root)' },
};
const bucket: OptionSpec = { help: 'go on although the bucket’s posture is weak' };
const locking: Options = {
  'run-id': {
    value: 'ID',
    help: 'name of this run; the same one resumes under its own lock (default: the CI run’s own, else this folder’s)',
  },
  'lock-timeout': { value: 'TIME', help: 'wait so long for another’s lock (default: 0s)' },
};
const waiting: Options = {
  wait: {
    value: 'STATE',
    choices: ['booted', 'registered', 'ready', 'none'],
    help: 'how far each launch must come (default: registered)',
  },
  timeout: { value: 'TIME', help: 'per worker, from its launch (default: 15m)' },
};
const draining: Options = {
  'drain-timeout': { value: 'TIME', help: 'give up draining after this time (default: 10m)' },
  'delete-emptydir-data': { help: 'evict pods whose emptyDir is lost with the node' },
  'ignore-daemonsets': { help: 'leave DaemonSet pods where they are' },
  force: { help: 'evict bare pods, which nothing starts again' },
  'ignore-drain-failure': { help: 'terminate although the drain failed' },
  'accept-capacity-risk': { help: 'do not reserve capacity before a node is disrupted' },
};
const common: Options = { cluster, ...local, json };
const changing: Options = { ...common, ...machines, ...locking, yes, kubeconfig, 'allow-weak-bucket': bucket };

type Run = (options: ParsedOptions, operands: readonly string[], io: Parameters<Command['run']>[2]) => Promise<number>;

/** The AWS side of the command line. */
export const awsCommands: Readonly<Record<string, Command>> = {
  iam: {
    summary: 'print the least-privilege policies for this spec',
    operands: '[POLICY]',
    count: [0, 1],
    options: { cluster, json, account: { value: 'ID', help: 'account ID in the ARNs (default: a placeholder)' } },
    run: later(async () => (await import('./iam.ts')).iamCommand),
  },
  stage: {
    summary: 'put each worker’s secrets archive into the bucket, the manifest last',
    options: {
      ...common,
      ...locking,
      worker: { value: 'NAME', many: true, help: 'only this worker; may be repeated' },
      'allow-weak-bucket': bucket,
      'mirror-binaries': { help: 'copy the pinned binaries to bin/ too' },
      mirror: { value: 'DIR', help: 'take the binaries from a folder instead of their URLs' },
    },
    run: later(async () => (await import('./stage.ts')).stageCommand),
  },
  plan: {
    summary: 'say what apply would do, and why; needs no private key',
    options: {
      ...common,
      kubeconfig,
      markdown: { help: 'print Markdown, for a pull request' },
      'detailed-exitcode': { help: 'exit with 3 when there is something to do' },
      out: { value: 'FILE', help: 'write the plan, for `apply FILE`' },
    },
    run: later(async () => (await import('./plan.ts')).planCommand),
  },
  apply: {
    summary: 'launch what is missing, replace what drifted, one worker at a time',
    operands: '[FILE]',
    count: [0, 1],
    options: { ...changing, ...waiting, ...draining },
    run: later(async () => (await import('./apply.ts')).applyCommand),
  },
  replace: {
    summary: 'put workers on new instances, whether they drifted or not',
    operands: '[WORKER…]',
    count: [0, 1000],
    options: { ...changing, ...waiting, ...draining },
    run: later(async () => (await import('./replace.ts')).replaceCommand),
  },
  status: {
    summary: 'show where workers, instances, nodes and staged secrets stand',
    options: {
      ...common,
      kubeconfig,
      watch: { help: 'again every few seconds, until Ctrl-C' },
    },
    run: later(async () => (await import('./status.ts')).statusCommand),
  },
  destroy: {
    summary: 'drain and terminate workers, and remove what is theirs',
    operands: '[WORKER…]',
    count: [0, 1000],
    options: { ...changing, ...draining },
    run: later(async () => (await import('./destroy.ts')).destroyCommand),
  },
  gc: {
    summary: 'remove what finished or broken runs left: staged secrets, reservations, interfaces, old user-data',
    options: { ...common, ...locking, yes },
    run: later(async () => (await import('./gc.ts')).gcCommand),
  },
  unlock: {
    summary: 'remove a lock whose run is dead',
    operands: 'ID',
    count: [1, 1],
    options: { ...common, yes },
    run: later(async () => (await import('./unlock.ts')).unlockCommand),
  },
  'local up': {
    summary: 'run an EC2, S3, SSM and IMDSv2 on loopback; prints the environment for any SDK',
    options: {
      cluster,
      state,
      ...machines,
      fault: { value: 'RULE', many: true, help: 'inject a fault: CALL[@N]=CODE, CALL[@N]=lost or CALL[@N]=delay:TIME' },
      foreground: { help: 'stay in the foreground until Ctrl-C' },
      json,
    },
    run: later(async () => (await import('./local-up.ts')).localUpCommand),
  },
  'local down': {
    summary: 'stop the embedded cloud and its instances; its state stays',
    options: { cluster, state, purge: { help: 'remove its state too' }, json },
    run: later(async () => (await import('./local-down.ts')).localDownCommand),
  },
};

/** Each command takes the parsed options as they are. */
function later(load: () => Promise<Run>): Run {
  return async (options, operands, io) => (await load())(options, operands, io);
}
