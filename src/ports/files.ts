/** Why a file could not be had, or its bytes. Every case but `file` becomes a diagnostic at the place that asked. */
export type ReadResult =
  | {
      readonly kind: 'file';
      readonly bytes: Uint8Array;
      readonly executable: boolean;
      /** What the YAML of a file of firstboot itself says, when that was parsed as firstboot was built. */
      readonly parsed?: unknown;
    }
  /** `link`: there is a symbolic link of the name, to this target, which does not exist. */
  | { readonly kind: 'missing'; readonly link?: string }
  | { readonly kind: 'folder' }
  | { readonly kind: 'special'; readonly what: string }
  | { readonly kind: 'escapes'; readonly target: string }
  | { readonly kind: 'too-large'; readonly size: number; readonly limit: number }
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** `pki.readSecret` stands between the file and us, and failed. */
  | { readonly kind: 'command-failed'; readonly command: string; readonly reason: string };

/**
 * The one way to the file system for input. Names are as users see them: relative to the folder of cluster.yaml, or
 * `firstboot:…` for what comes with firstboot itself.
 */
export type Files = {
  /** `within`: a folder (a name) that the file must not leave through a symbolic link. `limit` in bytes, 1 MiB by default. */
  readonly read: (name: string, options?: { readonly within?: string; readonly limit?: number }) => ReadResult;
  /** Names of all files below a folder, sorted, relative to it; symbolic links are listed, not followed. Undefined when there is no such folder. */
  readonly list: (folder: string) => readonly string[] | undefined;
};
