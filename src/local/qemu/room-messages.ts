/** The argument that makes the program a room: the process that lives in the machines' network namespace. */
export const roomWord = '--machine-room';

/** A command line: program, then arguments. */
export type Argv = readonly [string, ...string[]];

/** A change of the network, and how to take it back where the namespace outlives the room. */
export type NetworkStep = { readonly argv: Argv; readonly undo?: Argv };

export type Listen = { readonly name: string; readonly address: string; readonly port: number };

/** A program that runs in the room until it is ended; its own words go to `log`. */
export type RoomProcess = { readonly name: string; readonly argv: Argv; readonly folder: string; readonly log: string };

export type RoomSetup = { readonly steps: readonly NetworkStep[]; readonly listens: readonly Listen[] };

export type ToRoom =
  | { readonly kind: 'set-up'; readonly setup: RoomSetup }
  | { readonly kind: 'run'; readonly process: RoomProcess }
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'close' };

/** With `listening` comes the server itself, as a handle. */
export type FromRoom =
  | { readonly kind: 'here' }
  | { readonly kind: 'listening'; readonly name: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly tried: string; readonly reason: string }
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | { readonly kind: 'ended'; readonly name: string; readonly how: string };
