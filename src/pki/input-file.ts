import type { ReadResult } from '../ports/files.ts';

/** A file of the PKI folder as it was read; `name` is relative to cluster.yaml's folder. */
export type InputFile = { readonly name: string; readonly result: ReadResult };
