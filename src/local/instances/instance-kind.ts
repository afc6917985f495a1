import type { Places } from '../binaries.ts';
import type { Handler } from '../http.ts';
import type { Instance } from '../instance.ts';

/** What an instance of the embedded cloud is: its state alone, a boot program in a scratch root, a local machine. */
export type InstanceKind = 'record' | 'rehearse' | 'qemu';

/** As `--instances` and the options beside it say; paths are absolute. */
export type InstanceOptions = {
  readonly kind: InstanceKind;
  readonly mirror?: string | undefined;
  readonly image?: string | undefined;
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  readonly namespace?: string | undefined;
};

/** What the cloud lends to its instances. */
export type InstanceWorld = {
  /** Absolute; a folder below it for each instance. */
  readonly folder: string;
  /** As it is now: its credentials are renewed. Undefined: it has ended. */
  readonly instanceOf: (instanceId: string) => Instance | undefined;
  /** Of its root volume, GiB. */
  readonly volumeSize: (instanceId: string) => number;
  /** The embedded S3, path style. */
  readonly objects: Handler;
  readonly binaries: Places;
  /** The whole of its serial console so far. */
  readonly setConsole: (instanceId: string, text: string) => void;
  /** `poweroff`: it switched itself off. `launch`: it cannot be started. */
  readonly ended: (instanceId: string, why: 'poweroff' | 'launch') => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A line for server.log, without its end. */
  readonly told: (line: string) => void;
};

/** The instances of one kind. None of these throws: what goes wrong with an instance is on its console and in the log. */
export type InstanceHost = {
  /** Launched, or there already when the cloud went away: then it goes on from its disk. */
  readonly start: (instance: Instance) => void;
  /** Terminated, or it stopped itself: returns once nothing of it runs. */
  readonly end: (instanceId: string) => Promise<void>;
  /** All stop where they are, as when the host loses its power. */
  readonly close: () => Promise<void>;
};

/** Instances that do nothing. */
export const recordHost: InstanceHost = { start: () => {}, end: async () => {}, close: async () => {} };
