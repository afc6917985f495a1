import type { MissingBinary } from '../local/binaries.ts';
import type { Fault } from '../local/faults.ts';
import type { Rehearsal } from '../local/rehearse.ts';
import type { Subject } from '../local/rehearse-machine.ts';
import { listRoot, type ScratchRoot } from '../local/scratch-root.ts';
import { timelineTable } from '../report/table.ts';
import { wrapped } from './wrap.ts';

/** A rehearsal that has ended, for people or programs to be told of. */
export type Told = {
  readonly subject: Subject;
  readonly root: ScratchRoot;
  readonly rehearsal: Rehearsal;
  readonly missing: readonly MissingBinary[];
  readonly faults: readonly Fault[];
};

/** The timeline with what a node would have done besides, then what was different here; at most 80 columns. */
export function describeRehearsal({ root, rehearsal, missing }: Told): string {
  const { report, boot, starts, machine } = rehearsal;
  const others = machine.files.filter(file => file.owner !== 'root:root');
  const notes = [
    boot === 'reboot' ? 'A reboot of the machine in this root: its files were not written again.' : '',
    starts > 1 ? `The program was killed and started again: ${starts} starts; above is the last.` : '',
    others.length > 0
      ? `On a node the files are root’s, but for ${others.map(({ path, owner }) => `${path} (${owner})`).join(', ')}.`
      : 'On a node all files are root’s.',
    missing.length > 0 ? 'Left out, as nothing gives them (`--mirror DIR` takes them from a folder):' : '',
    ...missing.map(one => `  ${one.binary} ${one.version}: ${hostsOnly(one.reason)}`),
    root.kept ? `The root is ${root.folder}` : '',
  ];
  return `${timelineTable(report)}\n${notes
    .filter(Boolean)
    .map(note => `${wrapped(note, '')}\n`)
    .join('')}`;
}

/** What went wrong first, then what to do. */
export function failureOf({ root, rehearsal, faults }: Told): string {
  const { worker, phases } = rehearsal.report;
  const { phase, code, cause } = phases.at(-1) ?? {};
  const rerun =
    faults.length > 0
      ? 'The same command without --fault goes on in this root'
      : 'The same command goes on in this root';
  const hints = [code ? `\`firstboot explain ${code}\` says what to do.` : '', root.kept ? `${rerun}.` : ''];
  const hint = hints.filter(Boolean).join(' ');
  return `firstboot: ${code ?? 'BOOT'}: ${worker} failed in ${phase}: ${cause}\n${hint ? `  hint: ${hint}\n` : ''}`;
}

/** The one document of `--json`. A secret’s digest is left out, as in bundle.json. */
export function rehearsalJson({ subject, root, rehearsal, missing }: Told) {
  const { ok, boot, starts, report, requests, machine } = rehearsal;
  const bundle = JSON.parse(subject.artifacts.bundleJson) as { files: readonly { path: string; secret: boolean }[] };
  const secrets = new Set(bundle.files.filter(file => file.secret).map(file => file.path));
  const owners = new Map(machine.files.map(file => [file.path, file.owner]));
  const files = listRoot(root.folder).map(({ sha256, ...file }) => ({
    ...file,
    owner: owners.get(file.path) ?? 'root:root',
    ...(secrets.has(file.path) ? { secret: true } : { sha256 }),
  }));
  return {
    worker: subject.worker.name,
    ok,
    root: root.kept ? root.folder : null,
    boot,
    starts,
    requests,
    missing,
    report,
    files,
  };
}

/** A URL fills lines; `--json` has it whole. */
function hostsOnly(text: string): string {
  return text.replace(/https?:\/\/([^/\s]+)\S*/g, '$1');
}
