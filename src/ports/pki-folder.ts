/** The one way to write identities. Names are relative to the folder of cluster.yaml, or absolute. */
export type PkiFolder = {
  /** All or nothing, and on the disk when it returns; folders that are made for it are 0700. */
  readonly write: (name: string, content: string | Uint8Array, mode: 0o600 | 0o644) => void;
  /** Removes a file, if it is there. */
  readonly remove: (name: string) => void;
};
