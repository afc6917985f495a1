import { setTimeout as sleep } from 'node:timers/promises';
import { createProgress } from '../../report/progress.ts';
import { type BootEvent, type BootPhase, bootPhases } from '../../report/report.ts';
import { lastLines, openConsole } from './console.ts';
import type { Running } from './enter-room.ts';

/** How a boot went; a problem is for people. */
export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly problem: string; readonly hint: string; readonly code?: string };

type Followed = {
  readonly worker: string;
  /** Console log. */
  readonly console: string;
  readonly machine: Running;
  /** Why QEMU has stopped the machine, if it has. */
  readonly trouble: () => string | undefined;
  readonly until: BootPhase;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly now: () => number;
  /** A line for people, without its end. */
  readonly told: (line: string) => void;
  readonly signal: AbortSignal;
};

const pause = 200;
const shownLines = 15;

/** Follows a console until a phase is ok, one has failed, the machine is off or the time is over. */
export async function follow(followed: Followed): Promise<Verdict> {
  const { worker, machine, trouble, until, deadline, now, told, signal } = followed;
  const read = openConsole(followed.console);
  const progress = createProgress();
  let stage = '';
  let last: BootEvent | undefined;
  let off: string | undefined;
  void machine.ended.then(how => {
    off = how;
  });
  for (;;) {
    signal.throwIfAborted();
    // Read after it is known to be off: then nothing more comes.
    const how = off ?? trouble();
    const seen = read();
    if (!last && seen.stage !== stage && how === undefined) {
      stage = seen.stage;
      told(`${' '.repeat(10)}${worker}  ${stage}`);
    }
    for (const event of seen.fresh) {
      last = event;
      const line = progress(event);
      if (line !== undefined) told(line);
      if (event.status === 'failed') return failed(worker, event);
      if (event.status === 'ok' && bootPhases.indexOf(event.phase) >= bootPhases.indexOf(until)) return { ok: true };
    }
    const at = last ? `in phase ${last.phase}` : seen.stage;
    if (how !== undefined) return ended(`${worker} went off (${how}), ${at}`, seen.text, last);
    if (now() > deadline) return ended(`${worker} was not ${until} in time: ${at}`, seen.text, last);
    await sleep(pause);
  }
}

function failed(worker: string, { phase, code, cause }: BootEvent): Verdict {
  return {
    ok: false,
    problem: `${worker} failed in phase ${phase}: ${[code, cause].filter(Boolean).join(': ')}`,
    hint: code
      ? `\`firstboot explain ${code}\` says what to do.`
      : 'the whole console tells more: --work DIR keeps it.',
    ...(code && { code }),
  };
}

function ended(problem: string, text: string, last: BootEvent | undefined): Verdict {
  const lines = lastLines(text, shownLines);
  const shown = lines.length > 0 ? `; the end of its console:\n    ${lines.join('\n    ')}` : '; its console is empty.';
  return {
    ok: false,
    problem: `${problem}${shown}`,
    hint: hintFor(text, last),
    ...(last?.code && { code: last.code }),
  };
}

function hintFor(text: string, last: BootEvent | undefined): string {
  if (last?.code) return `\`firstboot explain ${last.code}\` says what to do.`;
  if (last || /Cloud-init v\./.test(text))
    return 'an emulated machine may need more time: --timeout 30m; --work DIR keeps its console and its disk.';
  return text.trim() === ''
    ? 'nothing came on ttyS0: the image’s boot loader must boot by BIOS, and its kernel have console=ttyS0; a bare file system needs its --kernel and --initrd.'
    : 'cloud-init said nothing: the image must have it, with the Ec2 datasource, and mount its root.';
}
