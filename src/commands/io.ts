import type { Clock } from '../ports/clock.ts';

/** What a command sees of the process: results go to `out`, diagnostics and progress to `err`. */
export type CommandIo = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Exactly one JSON document on stdout. */
  readonly json: boolean;
  /** Colour is for a terminal without NO_COLOR or CI. */
  readonly colour: boolean;
  /** Results may be coloured and drawn again in place: stdout is a terminal, without NO_COLOR or CI. */
  readonly terminal?: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What is waited by; the machine’s own unless it is given. */
  readonly clock?: Clock;
  readonly cwd: string;
  /** Folder of firstboot itself, with bundles/ and cloud-init/. */
  readonly packageFolder: string;
  /** The program file, which threads run too. */
  readonly program: URL;
};
