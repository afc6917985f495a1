import type { Origin } from '../diagnostics/origin.ts';
import type { Arch, Launch } from '../spec/resolve.ts';
import type { JsonMap } from '../tree/merge.ts';
import type { Secret } from '../tree/secret.ts';

/** A file on the node. A secret's `content` is a Secret, and it travels in the archive only. */
export type BundleFile = {
  /** Absolute path on the node. */
  readonly path: string;
  /** Four octal digits, for example "0600". Owner and group are always root. */
  readonly mode: string;
  readonly content: Uint8Array | Secret;
  /** The component that it belongs to. */
  readonly component: string;
  /** True for what is the same on every worker: it is written and compressed once. */
  readonly shared?: boolean;
  /** The input that it comes from: a file, or the spec's fields that it was compiled from. */
  readonly origin: Origin;
};

/** A binary that the node fetches: `install` for a plain file, `unpack` for an archive. */
export type Binary = {
  readonly name: string;
  readonly component: string;
  readonly version: string;
  readonly urls: readonly string[];
  readonly sha256: string;
  /** Bytes, when the pin says so. */
  readonly size?: number | undefined;
  readonly install?: string | undefined;
  readonly unpack?: string | undefined;
  readonly members?: readonly string[] | undefined;
  /** SHA-256 of members, so that an image that has them already is recognised. */
  readonly files?: Readonly<Record<string, string>> | undefined;
};

export type BundleCertificate = {
  readonly subject: string;
  readonly sans: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly sha256: string;
  readonly publicKeySha256: string;
};

/** The KubeletConfiguration of a worker and the layers it was merged from, lowest first. Workers without overrides of their own share one object. */
export type KubeletConfiguration = {
  readonly path: string;
  readonly config: JsonMap;
  readonly layers: readonly { readonly config: JsonMap; readonly origin: Origin }[];
};

/** Everything that one worker is: the compiled form that is checked, emitted and compared. */
export type Bundle = {
  readonly cluster: string;
  readonly worker: string;
  readonly privateIp: string;
  readonly arch: Arch;
  /** Sorted by path; no path twice. */
  readonly files: readonly BundleFile[];
  /** Private keys that belong to it and were not there to be read: none when it is built, maybe all when it is planned. */
  readonly absentKeys: readonly Pick<BundleFile, 'path' | 'mode'>[];
  /** In the order of the components. */
  readonly binaries: readonly Binary[];
  /** Units to enable and start, in start order. */
  readonly units: readonly string[];
  readonly modules: readonly string[];
  readonly certificate: BundleCertificate | undefined;
  /** Undefined without the kubelet component. */
  readonly kubelet: KubeletConfiguration | undefined;
  readonly launch: Launch;
};
