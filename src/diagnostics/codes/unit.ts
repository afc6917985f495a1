import type { CodeEntry } from '../codes.ts';
import { kubeletUnitCodes } from './unit-kubelet.ts';

type Entries = Record<`UNIT_${string}`, CodeEntry>;

/** systemd units of components, as text. */
export const unitCodes = {
  UNIT_SYNTAX: {
    severity: 'error',
    title: 'A line of a unit that systemd cannot read',
    message: (a: { reason: string }) => `systemd would ignore this line: ${a.reason}.`,
    hint: 'write `Key=value` below a `[Section]`; a backslash at the end of a line continues it.',
    explain: "systemd logs “Missing '=', ignoring line” and goes on, so what the line should do is not done.",
  },
  UNIT_ENCODING: {
    severity: 'error',
    title: 'A unit that is not UTF-8 text',
    message: (a: { unit: string; reason: string }) => `systemd cannot read ${a.unit}: ${a.reason}.`,
    hint: 'save it as UTF-8.',
    explain: 'systemd reads units as UTF-8 and ignores a line that is not (“Line is not UTF-8 or contains NUL”).',
  },
  UNIT_LINE_ENDINGS: {
    severity: 'warning',
    title: 'A unit with line ends of Windows',
    message: (a: { unit: string }) => `${a.unit} has lines that end in CR LF.`,
    hint: "convert it (`sed -i 's/\\r$//'`), and tell git with `* text eol=lf` in .gitattributes.",
    explain:
      'What reads the file by lines, a script or a check beside systemd, sees a carriage return at the end of each value: a path that does not exist, a flag with one letter more. Checkouts on Windows make them.',
  },
  UNIT_SECTION_UNKNOWN: {
    severity: 'warning',
    title: 'A section that systemd does not know',
    message: (a: { section: string; meant: string | undefined }) =>
      `systemd knows no section [${a.section}] here, and ignores all in it.`,
    hint: (a: { section: string; meant: string | undefined }) =>
      a.meant ? `did you mean [${a.meant}]?` : 'a section for another reader begins with X-.',
    explain: 'systemd logs “Unknown section, ignoring” and goes on. Names are case-sensitive.',
  },
  UNIT_KEY_UNKNOWN: {
    severity: 'warning',
    title: 'A directive that systemd does not know',
    message: (a: { key: string; section: string; meant: string | undefined; belongs: string | undefined }) =>
      a.belongs
        ? `${a.key}= belongs in [${a.belongs}]; in [${a.section}] systemd ignores it.`
        : `systemd knows no ${a.key}= in [${a.section}], and ignores it.`,
    hint: (a: { meant: string | undefined; belongs: string | undefined }) =>
      a.belongs
        ? `move it to [${a.belongs}].`
        : a.meant
          ? `did you mean ${a.meant}=?`
          : 'see `man systemd.directives`; a key for another reader begins with X-.',
    explain:
      'systemd logs “Unknown key name, ignoring” and goes on. Names are case-sensitive, and each belongs to its section: StartLimitIntervalSec= to [Unit], Restart= to [Service].',
  },
  UNIT_NO_EXEC: {
    severity: 'error',
    title: 'A service that runs nothing',
    message: (a: { unit: string }) => `${a.unit} has no ExecStart=.`,
    hint: 'add `ExecStart=` with an absolute path to [Service].',
    explain: 'systemd refuses the unit (“Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.”).',
  },
  UNIT_SEVERAL_EXEC: {
    severity: 'error',
    title: 'A service with several commands',
    message: (a: { unit: string; type: string }) =>
      `${a.unit} has more than one ExecStart=, which Type=${a.type} does not allow.`,
    hint: 'keep one (an empty `ExecStart=` before it resets the list), use ExecStartPre=, or Type=oneshot.',
    explain:
      'systemd refuses the unit (“Service has more than one ExecStart= setting, which is only allowed for Type=oneshot services. Refusing.”).',
  },
  UNIT_PATH_MISSING: {
    severity: 'error',
    title: 'A path that nothing provides',
    message: (a: { unit: string; where: string; path: string; meant: string | undefined }) =>
      `${a.unit} names ${a.path} in ${a.where}, but no file or binary of a component is there.`,
    hint: (a: { meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : 'bring the file with a component, or correct the path.',
    explain:
      'The unit would fail (“status=203/EXEC”, “Failed to load environment files”, “no such file or directory”), again and again. Paths of the image itself (/bin, /usr/bin, /usr/sbin, /usr/lib …) are not looked into.',
  },
  UNIT_NO_RESTART: {
    severity: 'error',
    title: 'A service that stays down',
    message: (a: { unit: string; restart: string | undefined }) =>
      a.restart
        ? `${a.unit} has Restart=${a.restart}, so it stays down after a failure.`
        : `${a.unit} has no Restart=, so it stays down after its first exit.`,
    hint: 'add `Restart=on-failure` (or always), `RestartSec=5`, and `StartLimitIntervalSec=0` in [Unit].',
    explain:
      'At a first boot much is late: network, name resolution, the api-server. What exits for it must be started again.',
  },
  UNIT_START_LIMIT: {
    severity: 'error',
    title: 'A start limit that gives up',
    message: (a: { unit: string; burst: number; interval: string; restart: string }) =>
      `${a.unit} is given up after ${a.burst} starts within ${a.interval}, which RestartSec=${a.restart} reaches.`,
    hint: 'write `StartLimitIntervalSec=0` in [Unit], or raise RestartSec=.',
    explain:
      'systemd counts starts (5 in 10 s unless told otherwise, restarts 100 ms apart) and then leaves the unit failed (“Start request repeated too quickly”) until someone logs in. On a machine that nobody logs in to, that is for ever.',
  },
  UNIT_DEADLOCK: {
    severity: 'error',
    title: 'An ordering that waits for itself',
    message: (a: { unit: string; directive: string; target: string; why: string }) =>
      `${a.unit} has ${a.directive}=${a.target}: ${a.why}.`,
    hint: (a: { directive: string; target: string }) =>
      `remove ${a.target} from ${a.directive}=; \`After=network-online.target\` is enough for what needs the network.`,
    explain:
      'The first boot starts units while cloud-init and multi-user.target are still running, and the end of cloud-init may wait for them. A unit ordered after one of these waits for what waits for it; an ordering before network-pre.target closes a circle on newer images.',
  },
  UNIT_TYPE: {
    severity: 'error',
    title: 'A service type that its program does not speak',
    message: (a: { unit: string; type: string; why: string }) => `${a.unit} has Type=${a.type}, but ${a.why}.`,
    hint: 'remove Type=, or use exec (containerd and the kubelet can notify).',
    explain: 'systemd would wait for a sign that never comes, and kill the service after 90 s, again and again.',
  },
  UNIT_ONESHOT: {
    severity: 'error',
    title: 'A unit that is over before it is asked for',
    message: (a: { unit: string }) =>
      `${a.unit} is Type=oneshot without RemainAfterExit=yes: it is inactive as soon as it has run.`,
    hint: 'add `RemainAfterExit=yes` to [Service].',
    explain:
      'After starting the units the first boot asks of each whether it is active; for this one the answer is no, so the boot would count as failed.',
  },
  UNIT_SECRET: {
    severity: 'warning',
    title: 'A secret in a unit’s environment',
    message: (a: { unit: string; variable: string }) =>
      `${a.unit} sets ${a.variable}, which looks like a secret, in its environment.`,
    hint: 'units travel in user-data, which is not secret: let the program fetch it by the instance’s role.',
    explain:
      'User-data can be read by every process on the node and by whoever may call DescribeInstanceAttribute; `systemctl show` prints the environment to every user. The value is not printed here.',
  },
  ...kubeletUnitCodes,
} satisfies Entries;
