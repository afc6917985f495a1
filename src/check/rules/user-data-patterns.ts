/** Something secret in a text: what it is and where it begins (characters), never the text itself. */
export type Sighting = { readonly kind: string; readonly offset: number };

type Pattern = { readonly kind: string; readonly pattern: RegExp };

/** Credentials that their issuers made recognisable. All repetitions are bounded, so that a scan stays linear. */
const issued: readonly Pattern[] = [
  { kind: 'an AWS access key ID', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  {
    kind: 'an AWS secret access key',
    pattern:
      /secret[\w .-]{0,30}["']?[ \t]{0,20}[:=][ \t]{0,20}["']?(?![0-9a-f]{40})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/i,
  },
  { kind: 'a GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}/ },
  { kind: 'a GitLab token', pattern: /\bglpat-[\w-]{20}/ },
  { kind: 'a Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10}/ },
  { kind: 'a JSON web token', pattern: /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10}/ },
  { kind: 'a password hash', pattern: /\$(?:1|2[abxy]|5|6|y|gy|7)\$[./A-Za-z0-9=,$]{20}/ },
  {
    kind: 'a URL with a password',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>$]{1,64}:(?![$<{%*])[^\s/@"'<>]{1,128}@/i,
  },
];

/** The same for whoever hides what they find: every occurrence. */
export const issuedCredentials: readonly RegExp[] = issued.map(
  ({ pattern }) => new RegExp(pattern, `${pattern.flags}g`),
);

/** A name that says secret and a value that stands there itself: no reference, no command, no placeholder. */
const assigned =
  /(?<![A-Za-z])(?:password|passwd|token|secret|api[_-]?key|(?:secret|access)[_-]?key|client[_-]?secret)["']?(?:[ \t]{0,20}:[ \t]{1,20}|=|[ \t]{0,20}[:=][ \t]{0,20}(?=["']))(?:"([^"\s]{6,200})"|'([^'\s]{6,200})'|([^\s"'`,;]{6,200}))/gi;
const noLiteral =
  /^[$<{%(`*[/\\&|]|[()]|^(?:string|bool(?:ean)?|bytes|files?|compat|systemd|optional|required|changeme|example|redacted|x{6,}|-+)\b/i;

/** PEM of a private key with something in it; a script that merely names the marker is no key. */
const privateKey =
  /-----BEGIN ((?:[A-Z0-9]{1,12} ){0,3})PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]){1,40}(?=[A-Za-z0-9+/=]{16}|Proc-Type:|Version:)/;
/** "-----BEGIN " in base64; what follows is decoded to see what begins. */
const encodedPem = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,90}/g;

/** A private key in a text, as PEM or as base64 of PEM. */
export function findPrivateKey(text: string): Sighting | undefined {
  const pem = privateKey.exec(text);
  if (pem)
    return { kind: pem[1]?.includes('ENCRYPTED') ? 'an encrypted private key' : 'a private key', offset: pem.index };
  for (const match of text.matchAll(encodedPem)) {
    if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(decodeBase64(match[0])))
      return { kind: 'a private key in base64', offset: match.index };
  }
  return undefined;
}

/** What looks like a credential: those of known form; of the others, the first assignment, and only where there is none of them. */
export function findCredentials(text: string): readonly Sighting[] {
  const known = issued.flatMap(({ kind, pattern }): readonly Sighting[] => {
    const match = pattern.exec(text);
    return match ? [{ kind, offset: match.index }] : [];
  });
  if (known.length > 0) return known;
  for (const match of text.matchAll(assigned)) {
    const value = match[1] ?? match[2] ?? match[3] ?? '';
    if (!noLiteral.test(value)) return [{ kind: 'what looks like a password or token', offset: match.index }];
  }
  return [];
}

/** Base64 as text; what is no base64 becomes nonsense, never an error. */
export function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1');
}
