import { withCommas } from './count.ts';

/** What is longer is not searched for credentials, and so not shown. */
const longest = 4000;

/**
 * Text that a message may quote: without what looks like a credential. `user:password@` goes from URLs, also from those
 * without a scheme, so do query strings (a token may be in one), and of a private key nothing is left.
 */
export function masked(text: string): string {
  if (/BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text)) return '(a private key)';
  // The same in base64, as a kubeconfig has it.
  if (text.includes('LS0tLS1CRUdJTi')) return '(PEM in base64)';
  if (text.length > longest) return `(${withCommas(text.length)} characters)`;
  return (
    text
      // With a colon up to the last @, for a password may have a slash, a question mark or an @ in it.
      .replace(/\/\/([^\s@/]*:\S*|[^\s/?#]*)@/g, '//…@')
      .replace(/(^|[\s"'=,([{])[^\s"'@/]*:(?!\/\/)[^\s"']*@/g, '$1…@')
      .replace(/(\/\/[^\s?#"']*)\?[^\s"']*/g, '$1?…')
      .replace(/\?[^\s"']*=[^\s"']*/g, '?…')
  );
}

/** A value as a message quotes it: masked, on one line, of at most 60 characters; what is no text as JSON. */
export function shown(value: unknown): string {
  const text = masked(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')).replace(/\s+/g, ' ');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Whether a URL has a password (`scheme://user:password@host`; the scheme may be missing). */
export function hasPassword(url: string): boolean {
  return /^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*:[^/?#]+@/i.test(url) || /^[^/?#:@]+:(?!\/)[^/?#]+@/.test(url);
}
