/** Time, and waiting for it to pass; the in-memory twin's passes at once. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Rejects with the signal's reason when it is aborted before. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
};
