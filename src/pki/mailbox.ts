export type Mailbox = { readonly local: string; readonly domain: string };

const quoted = /^"((?:[\x01-\x08\x0b\x0c\x0e-!#-[\]-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*)"@(.*)$/s;
const atoms = /^((?:[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~.]|\\[\0-\x7f])+)@(.*)$/s;

/**
 * An e-mail address as Go reads it to compare it with a CA's constraints (parseRFC2821Mailbox): the local part without its quotes, the
 * domain in small letters. Undefined for one that Go cannot read.
 */
export function readMailbox(text: string): Mailbox | undefined {
  const [, written, domain] = quoted.exec(text) ?? atoms.exec(text) ?? [];
  if (written === undefined || domain === undefined || !isDomain(domain)) return undefined;
  const local = written.replace(/\\(.)/gs, '$1');
  if (!text.startsWith('"') && /^\.|\.$|\.\./.test(local)) return undefined;
  return { local, domain: domain.toLowerCase() };
}

/** Labels of printable ASCII with a dot between each; the empty text too. */
export function isDomain(name: string): boolean {
  return name === '' || (/^[!-~]+$/.test(name) && name.split('.').every(label => label !== ''));
}
