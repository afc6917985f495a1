/** One assignment of a systemd unit; `offset` is its place in the text, in characters. */
export type UnitEntry = {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly offset: number;
};

export type UnitFile = {
  readonly entries: readonly UnitEntry[];
  readonly problems: readonly { readonly offset: number; readonly reason: string }[];
};

/** Reads a unit as systemd does: sections, `Key=value`, comments with # or ;, a backslash at the end of a line continues it. */
export function parseUnit(text: string): UnitFile {
  const entries: UnitEntry[] = [];
  const problems: { offset: number; reason: string }[] = [];
  let section = '';
  let offset = 0;
  let open: { key: string; value: string; offset: number } | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r$/, '');
    const trimmed = line.trim();
    const continued = line.endsWith('\\');
    const body = continued ? line.slice(0, -1) : line;
    if (open) {
      if (!/^\s*[#;]/.test(line)) {
        open.value = `${open.value} ${body.trim()}`.trim();
        if (!continued) {
          entries.push({ section, ...open });
          open = undefined;
        }
      }
    } else if (trimmed !== '' && !/^[#;]/.test(trimmed)) {
      const header = /^\[([^\]]+)\]$/.exec(trimmed);
      const assignment = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/.exec(body.trim());
      if (header) section = header[1] ?? '';
      else if (!assignment)
        problems.push({ offset, reason: `“${trimmed.slice(0, 40)}” is neither a section nor an assignment` });
      else if (section === '')
        problems.push({ offset, reason: `“${trimmed.slice(0, 40)}” stands before the first section` });
      else {
        const entry = { key: assignment[1] ?? '', value: (assignment[2] ?? '').trim(), offset };
        if (continued) open = entry;
        else entries.push({ section, ...entry });
      }
    }
    offset += raw.length + 1;
  }
  if (open) entries.push({ section, ...open });
  return { entries, problems };
}

/**
 * Keys that an empty assignment does not reset: “dependencies (After=, etc.) cannot be reset to an empty list”, systemd.unit(5).
 */
const dependencies: ReadonlySet<string> = new Set([
  ...['After', 'Before', 'BindsTo', 'Conflicts', 'JoinsNamespaceOf', 'OnFailure', 'OnSuccess', 'PartOf'],
  ...['PropagatesReloadTo', 'PropagatesStopTo', 'ReloadPropagatedFrom', 'Requires', 'RequiresMountsFor', 'Requisite'],
  ...['StopPropagatedFrom', 'Upholds', 'Wants', 'WantsMountsFor'],
]);

/** All values of a key, in order; an empty assignment resets the list, as in systemd. */
export function valuesOf<Entry extends UnitEntry>(
  { entries }: { readonly entries: readonly Entry[] },
  section: string,
  key: string,
): readonly Entry[] {
  const all = entries.filter(entry => entry.section === section && entry.key === key);
  if (section === 'Unit' && dependencies.has(key)) return all.filter(entry => entry.value !== '');
  return all.slice(all.findLastIndex(entry => entry.value === '') + 1);
}

/** The value of a command line flag, written `--name=value` or `--name value`; "true" for a bare flag. */
export function flagValue(command: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)--${name}(?:=(\\S*)|\\s+(?!-)(\\S+)|(?=\\s|$))`).exec(command);
  return match ? (match[1] ?? match[2] ?? 'true') : undefined;
}
