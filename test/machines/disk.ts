import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../real/cluster.ts';
import { run, succeed } from '../real/lab.ts';

/**
 * Everything that lies on a machine's disk, with owners and modes, below a new folder; nothing is mounted, and the disk
 * itself stays as it is.
 */
export function readDisk(disk: string): string {
  const work = newFolder('disk');
  const raw = join(work, 'raw.img');
  const root = join(work, 'root');
  const commands = join(work, 'commands');
  succeed(['qemu-img', 'convert', '-O', 'raw', disk, raw]);
  const { code, stdout } = run(['e2fsck', '-fy', raw]); // replays the journal, as the machine's next boot does
  if (code > 1) throw new Error(`e2fsck: ${stdout}`);
  succeed(['mkdir', '-m', '0755', root]);
  writeFileSync(
    commands,
    ['etc', 'home', 'opt', 'root', 'tmp', 'usr', 'var'].map(folder => `rdump /${folder} ${root}\n`).join(''),
  );
  succeed(['debugfs', '-f', commands, raw]);
  succeed(['rm', raw]);
  return root;
}

/** cloud-init's own verdict, stage by stage: what went wrong, and what it could live with. */
export function cloudInitProblems(root: string): readonly string[] {
  const read = (name: string) => JSON.parse(readFileSync(join(root, 'var/lib/cloud/data', name), 'utf8')).v1;
  const { datasource, errors } = read('result.json') as { datasource: string; errors: readonly string[] };
  const status = read('status.json') as Readonly<Record<string, unknown>>;
  const known = Object.entries(status).filter((entry): entry is [string, Stage] => isStage(entry[1]));
  const stages = known.filter(([, { start }]) => start !== null); // some versions list one that is not used
  return [
    ...(datasource === 'DataSourceEc2Local' ? [] : [`its datasource is ${datasource}`]),
    ...(stages.length >= 4 ? [] : [`it ran ${stages.length} stages`]),
    ...errors,
    ...stages.flatMap(([name, stage]) => [
      ...(stage.finished === null ? [`${name} did not finish`] : []),
      ...stage.errors.map(error => `${name}: ${error}`),
      ...Object.entries(stage.recoverable_errors ?? {}).map(
        ([level, lines]) => `${name}: ${level}: ${lines.join('; ')}`,
      ),
    ]),
  ];
}

type Stage = {
  readonly start: number | null;
  readonly finished: number | null;
  readonly errors: readonly string[];
  /** Since cloud-init 23. */
  readonly recoverable_errors?: Readonly<Record<string, readonly string[]>>;
};

const isStage = (value: unknown): value is Stage => typeof value === 'object' && value !== null && 'finished' in value;
