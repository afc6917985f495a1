export type Path = readonly (string | number)[];

/**
 * Where a finding comes from, before its place in the text is known: rules report keys and blocks, never lines.
 * `path` is for YAML, `offset` (characters) for other text, `block` (from 1) for PEM.
 */
export type Origin = {
  readonly file: string;
  readonly path?: Path;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  readonly offset?: number;
  readonly block?: number;
};
