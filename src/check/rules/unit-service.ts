import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import { assignmentsOf, commandsOf } from './unit-command.ts';
import { lineOf, linesOf, originOfLine, originOfSection, type UnitConcern, type UnitSubject } from './unit-subject.ts';
import { parseSpan } from './unit-time.ts';

/** What runs, and how systemd knows that it does. */
export const unitExec: UnitConcern = subject => {
  if (!isService(subject)) return [];
  const unit = subject.name;
  const starts = linesOf(subject, 'Service', 'ExecStart');
  const type = typeOf(subject);
  const [, second] = starts;
  const stops =
    type === 'oneshot' &&
    (linesOf(subject, 'Service', 'ExecStop').length > 0 || lineOf(subject, 'Unit', 'SuccessAction'));
  return [
    ...(starts.length === 0 && !stops ? [finding('UNIT_NO_EXEC', originOfSection(subject, 'Service'), { unit })] : []),
    ...(second && type !== 'oneshot' ? [finding('UNIT_SEVERAL_EXEC', originOfLine(second), { unit, type })] : []),
    ...typeFindings(subject),
  ];
};

const types = ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'];
/** Which of our programs tell systemd that they are ready (sd_notify). */
const notifies: Readonly<Record<string, boolean>> = { kubelet: true, containerd: true, 'kube-proxy': false };

function typeFindings(subject: UnitSubject): readonly Finding[] {
  const line = lineOf(subject, 'Service', 'Type');
  if (!line) return [];
  const unit = subject.name;
  const command = commandsOf(subject).findLast(({ key }) => key === 'ExecStart');
  const why = typeProblem(subject, line.value, command?.program.split('/').at(-1) ?? '');
  if (why !== undefined) return [finding('UNIT_TYPE', originOfLine(line), { unit, type: line.value, why })];
  const isStarted = subject.context.inputs.components?.some(({ units }) => units.includes(unit));
  const remains = lineOf(subject, 'Service', 'RemainAfterExit')?.value ?? 'no';
  return line.value === 'oneshot' && isStarted && !/^(1|yes|y|true|t|on)$/i.test(remains)
    ? [finding('UNIT_ONESHOT', originOfLine(line), { unit })]
    : [];
}

function typeProblem(subject: UnitSubject, type: string, program: string): string | undefined {
  if (!types.includes(type)) return 'systemd knows no such type';
  if (type === 'notify-reload') return 'systemd before 253 (Ubuntu 22.04, Debian 12) does not know that type';
  if (type === 'dbus' && !lineOf(subject, 'Service', 'BusName')) return 'it has no BusName=';
  if (!Object.hasOwn(notifies, program)) return undefined;
  if (type === 'forking') return `${program} stays in the foreground`;
  if (type === 'oneshot') return `${program} does not end`;
  if (type === 'dbus') return `${program} takes no name on D-Bus`;
  return type === 'notify' && !notifies[program] ? `${program} does not notify systemd` : undefined;
}

/** What failed is started again, without end. */
export const unitRestart: UnitConcern = subject => {
  // What ends by itself, or is started by a timer, a path or a socket of its name, is not kept running.
  const starter = new RegExp(
    `^${subject.name.replace(/\.service$/, '').replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}\\.(timer|path|socket)$`,
  );
  const isStarted = subject.context.inputs.components?.some(({ units }) => units.some(unit => starter.test(unit)));
  if (!isService(subject) || typeOf(subject) === 'oneshot' || isStarted) return [];
  const unit = subject.name;
  const restart = lineOf(subject, 'Service', 'Restart');
  if (restart === undefined || !['on-failure', 'always'].includes(restart.value)) {
    const origin = restart ? originOfLine(restart) : originOfSection(subject, 'Service');
    return [finding('UNIT_NO_RESTART', origin, { unit, restart: restart?.value })];
  }
  return startLimit(subject).map(args => finding('UNIT_START_LIMIT', originOfLine(restart), args));
};

/** systemd's defaults: DefaultStartLimitIntervalSec=10s, DefaultStartLimitBurst=5, DefaultRestartSec=100ms. */
function startLimit(subject: UnitSubject) {
  // In [Service] the old names are still read (load-fragment-gperf.gperf.in, "compatibility").
  const read = (keys: readonly (readonly [string, string])[], fallback: string) =>
    keys.map(([section, key]) => lineOf(subject, section, key)?.value).find(value => value !== undefined) ?? fallback;
  const interval = read(
    [
      ['Unit', 'StartLimitIntervalSec'],
      ['Unit', 'StartLimitInterval'],
      ['Service', 'StartLimitInterval'],
    ],
    '10s',
  );
  const burst = Number(
    read(
      [
        ['Unit', 'StartLimitBurst'],
        ['Service', 'StartLimitBurst'],
      ],
      '5',
    ),
  );
  const restart = read([['Service', 'RestartSec']], '100ms');
  const [within, pause] = [parseSpan(interval) ?? 10_000, parseSpan(restart) ?? 100];
  // An interval or a burst of 0 switches the limit off.
  return burst > 0 && within > 0 && burst * pause < within
    ? [{ unit: subject.name, burst, interval: withUnit(interval), restart: withUnit(restart) }]
    : [];
}

function withUnit(span: string): string {
  return /^[\d.]+$/.test(span) ? `${span}s` : span;
}

const secretName =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)(_ID)?$/i;
const secretValue =
  /^(AKIA|ASIA)[A-Z0-9]{16}$|-----BEGIN [A-Z ]*PRIVATE KEY|^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]+:[^/@\s]+@/;

/** No credential in the environment; a path to one is fine. */
export const unitSecrets: UnitConcern = subject =>
  assignmentsOf(subject)
    .filter(
      ({ name, value }) => secretValue.test(value) || (secretName.test(name) && value !== '' && !value.startsWith('/')),
    )
    .map(({ name, line }) => finding('UNIT_SECRET', originOfLine(line), { unit: subject.name, variable: name }));

function isService({ name }: UnitSubject): boolean {
  return name.endsWith('.service');
}

function typeOf(subject: UnitSubject): string {
  return lineOf(subject, 'Service', 'Type')?.value ?? 'simple';
}
