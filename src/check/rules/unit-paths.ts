import { kubeletUnitPath } from '../../compile/kubelet.ts';
import { type Provided, providedPaths } from '../../compile/provided.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { didYouMean } from '../../tree/did-you-mean.ts';
import { isJsonMap } from '../../tree/merge.ts';
import type { ClusterContext } from '../context.ts';
import { commandsOf, flagsIn } from './unit-command.ts';
import { linesOf, originOfLine, type UnitLine, type UnitSubject } from './unit-subject.ts';

/** What every image has, or the kernel; /usr/local and /opt are ours. */
const ofImage = /^\/(?:bin|sbin|lib|lib64|usr\/(?:bin|sbin|lib|lib64|libexec|share)|dev|proc|sys)\//;
const filesOfImage = [
  '/etc/environment',
  '/etc/os-release',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/etc/passwd',
  '/etc/locale.conf',
];

type Named = { readonly path: string; readonly where: string; readonly line: UnitLine };

/** Judges units one after another against what is on a node; what that is is found out once. */
export function unitPaths(context: ClusterContext): (subject: UnitSubject) => readonly Finding[] {
  const provided = [...providedPaths(context.cluster, context.inputs), ...ownFiles(context)];
  const paths = new Set(provided.map(one => one.path));
  const folders = provided.filter(one => 'folder' in one && one.folder).map(one => one.path);
  const isThere = (path: string) =>
    ofImage.test(path) ||
    filesOfImage.includes(path) ||
    paths.has(path) ||
    folders.some(folder => path.startsWith(`${folder}/`));
  return subject =>
    [...programs(subject), ...flagFiles(subject), ...environmentFiles(subject)]
      // A specifier, a variable or a pattern is known on the node only.
      .filter(({ path }) => path.startsWith('/') && !/[%$*?]/.test(path) && !isThere(path))
      .map(({ path, where, line }) =>
        finding('UNIT_PATH_MISSING', originOfLine(line), {
          unit: subject.name,
          where,
          path,
          meant: meantPath(path, [...paths]),
        }),
      );
}

/** The file of this name in a folder of nearly the same name, else one of nearly this name in its folder. */
function meantPath(path: string, paths: readonly string[]): string | undefined {
  const split = (text: string) => [text.slice(0, text.lastIndexOf('/') + 1), text.slice(text.lastIndexOf('/') + 1)];
  const [folder = '', name = ''] = split(path);
  const elsewhere = paths.filter(one => split(one)[1] === name);
  const beside = paths.filter(one => split(one)[0] === folder).flatMap(one => split(one)[1] ?? []);
  const near = didYouMean(name, beside);
  return didYouMean(path, elsewhere) ?? (near === undefined ? undefined : `${folder}${near}`);
}

/** Files of the boot program, and what the user's own cloud-config writes. */
function ownFiles({ cluster, inputs }: ClusterContext): readonly Pick<Provided, 'path'>[] {
  const written = cluster.cloudInit.write_files;
  const files = Array.isArray(written) ? written.filter(isJsonMap) : [];
  return [...inputs.bootProgram, ...files.flatMap(({ path }) => (typeof path === 'string' ? [{ path }] : []))];
}

/** With the prefix - a failure is expected. */
function programs(subject: UnitSubject): readonly Named[] {
  return commandsOf(subject)
    .filter(({ prefixes }) => !prefixes.includes('-'))
    .map(({ program, key, line }) => ({ path: program, where: `${key}=`, line }));
}

/** Files that a program writes; they need not be there. */
const outputs = ['log-file', 'pid-file', 'lock-file'];

function flagFiles(subject: UnitSubject): readonly Named[] {
  // The kubelet's --config and --kubeconfig are held against what is made for them (UNIT_KUBELET_FLAG).
  const judged = kubeletUnitPath.endsWith(`/${subject.name}`) ? ['config', 'kubeconfig'] : [];
  return commandsOf(subject)
    .filter(({ prefixes }) => !prefixes.includes('-'))
    .flatMap(({ words, key, line }) =>
      flagsIn(words)
        .filter(
          ({ name }) => /^(config|kubeconfig)$|-file$/.test(name) && !outputs.includes(name) && !judged.includes(name),
        )
        .map(({ name, value }) => ({ path: value ?? '', where: `--${name} of ${key}=`, line })),
    );
}

function environmentFiles(subject: UnitSubject): readonly Named[] {
  return linesOf(subject, 'Service', 'EnvironmentFile').map(line => ({
    path: line.value,
    where: 'EnvironmentFile=',
    line,
  }));
}
