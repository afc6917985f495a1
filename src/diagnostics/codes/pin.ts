import type { CodeEntry } from '../codes.ts';

type Entries = Record<`PIN_${string}`, CodeEntry>;
type Entry = { binary: string; version: string; arch: string };
const nameOf = (a: Entry) => `${a.binary} ${a.version} for ${a.arch}`;
const refused = 'The node compares the SHA-256 of what it fetched with the pin and refuses anything else.';

/** pins.yaml: where binaries come from, and what they must be. */
export const pinCodes = {
  PIN_BINARY_MISSING: {
    severity: 'error',
    title: 'A binary without pins',
    message: (a: { binary: string; component: string; known: readonly string[]; meant: string | undefined }) =>
      `${a.component} installs ${a.binary}, but pins.yaml has no ${a.binary}.`,
    hint: (a: { binary: string; known: readonly string[]; meant: string | undefined }) =>
      a.meant
        ? `did you mean ${a.binary} by the entry ${a.meant}?`
        : `add binaries.${a.binary} with version, architecture and url; \`firstboot pin\` fills in the digest.`,
    explain: `A worker fetches its binaries at the first boot, and without a pin it could not know whether it got the right ones. ${refused}`,
  },
  PIN_VERSION_MISSING: {
    severity: 'error',
    title: 'A version without a pin',
    message: (a: { binary: string; version: string; known: readonly string[] }) =>
      `versions says ${a.binary} ${a.version}, but pins.yaml has ${a.known.length > 0 ? `only ${a.known.join(', ')}` : 'no version of it'}.`,
    hint: (a: { version: string; known: readonly string[] }) =>
      a.known.includes(String(Number(a.version)))
        ? `put the key in quotes, "${a.version}": YAML reads the key ${a.version} as the number ${Number(a.version)}.`
        : `add an entry ${a.version} with its url, then \`firstboot pin\` fills in the digest.`,
    explain: 'An upgrade is two edits: the version in cluster.yaml and its entry in pins.yaml. Old entries may stay.',
  },
  PIN_ARCH_MISSING: {
    severity: 'error',
    title: 'An architecture without a pin',
    message: (a: { binary: string; version: string; arch: string; worker: string }) =>
      `${a.worker} is ${a.arch}, but ${a.binary} ${a.version} has no pin for ${a.arch}.`,
    hint: (a: { arch: string }) => `add ${a.arch} with its url, then \`firstboot pin\` fills in the digest.`,
    explain: 'Each architecture has files of its own, with digests of their own.',
  },
  PIN_DIGEST_MISSING: {
    severity: 'error',
    title: 'A pin without a digest',
    message: (a: Entry) => `${nameOf(a)} has no sha256.`,
    hint: '`firstboot pin` fetches the file once and fills it in; compare it with the one that the project publishes.',
    explain: `Without a digest whoever is on the path, or has the mirror, decides what runs as root on every worker. ${refused}`,
  },
  PIN_DIGEST_INVALID: {
    severity: 'error',
    title: 'A digest that is none',
    message: (a: Entry & { reason: string }) => `the sha256 of ${nameOf(a)} is not a SHA-256: ${a.reason}.`,
    hint: 'write 64 lower-case hex digits, as `sha256sum` prints them; or remove it and let `firstboot pin` fill it in.',
    explain: `${refused} A digest of another length can never match, so no worker would come up.`,
  },
  PIN_DIGEST_EMPTY_FILE: {
    severity: 'error',
    title: 'The digest of nothing',
    message: (a: Entry) => `the sha256 of ${nameOf(a)} is that of an empty file.`,
    hint: 'remove it and let `firstboot pin` fetch the file; the download that was hashed failed.',
    explain: '`curl -s … | sha256sum` prints e3b0c442… when curl fails, for example at a redirect without -L.',
  },
  PIN_DIGEST_SHARED: {
    severity: 'error',
    title: 'Two files with one digest',
    message: (a: { one: string; other: string }) => `${a.one} has the sha256 of ${a.other}.`,
    hint: 'one of the two is pasted from the other: remove the wrong one and let `firstboot pin` fill it in.',
    explain:
      'Files of two architectures, versions or programs are never the same, so one of the two would be refused by every worker; or, with its URL pasted too, run as the wrong program.',
  },
  PIN_URL_HTTP: {
    severity: 'error',
    title: 'A binary from an http URL',
    message: (a: { url: string }) => `${a.url} is plain http.`,
    hint: 'use https; a mirror of your own may be the bucket of the cluster (`bin/`).',
    explain:
      'The digest would catch a changed file, but whoever is on the path could hold up every boot, and sees what runs in your cluster.',
  },
  PIN_URL_INVALID: {
    severity: 'error',
    title: 'A URL that is none',
    message: (a: { url: string; reason: string }) => `“${a.url}” is not a URL to fetch from: ${a.reason}.`,
    hint: 'write the whole URL of the file, beginning with https://.',
    explain:
      'The node fetches each URL in turn as it is written: nothing is filled in, no variable and no version. A URL that begins with s3+https:// is signed with the node’s role; it is to be of the cluster’s own bucket, below bin/, as `firstboot stage --mirror-binaries` prints it.',
  },
  PIN_URL_ARCH: {
    severity: 'error',
    title: 'A URL of another architecture',
    message: (a: Entry & { url: string; found: string }) => `${nameOf(a)} comes from ${a.url}, which names ${a.found}.`,
    hint: (a: { arch: string }) => `take the URL and the digest of ${a.arch}.`,
    explain:
      'The digest would be the right one of the wrong file: the machine could not execute it (“Exec format error”).',
  },
  PIN_URL_VERSION: {
    severity: 'warning',
    title: 'A URL of another version',
    message: (a: Entry & { url: string; found: string }) => `${nameOf(a)} comes from ${a.url}, which names ${a.found}.`,
    hint: (a: { version: string }) => `take the URL and the digest of ${a.version}.`,
    explain:
      'When an entry is copied for an upgrade and only its key is changed, the old version is installed under the new name.',
  },
  PIN_URL_CREDENTIAL: {
    severity: 'warning',
    title: 'A credential in a URL',
    message: (a: Entry & { kind: string }) =>
      `a URL of ${nameOf(a)} holds ${a.kind}, and URLs travel in user-data, which is not secret.`,
    hint: 'mirror the file where the workers may read it without one, for example below bin/ of the bucket.',
    explain:
      'User-data can be read by every process on the node and by whoever may call DescribeInstanceAttribute. Presigned URLs expire besides, so a later boot would fail. The value is not printed.',
  },
  PIN_FORM: {
    severity: 'error',
    title: 'An archive in a plain file’s place, or the reverse',
    message: (a: { binary: string; url: string; expected: string }) =>
      `${a.binary} is ${a.expected}, but comes from ${a.url}.`,
    hint: 'in bundle.yaml `install` is for a plain file and `unpack` for a .tar, .tar.gz, .tgz, .tar.xz or .tar.bz2.',
    explain: 'An archive installed as a program cannot be executed, and a program cannot be unpacked.',
  },
  PIN_MEMBER_DIGEST: {
    severity: 'error',
    title: 'A member’s digest that is none',
    message: (a: { binary: string; member: string; reason: string }) =>
      `the digest of ${a.member} in ${a.binary} is not a SHA-256: ${a.reason}.`,
    hint: 'remove `files`, which is optional; `firstboot pin` fills it in.',
    explain:
      'With `files` a machine image that holds the binaries already is recognised and nothing is fetched. A wrong digest makes every boot fetch again.',
  },
  PIN_MEMBER_UNKNOWN: {
    severity: 'warning',
    title: 'A digest for a member that is not installed',
    message: (a: { binary: string; member: string; known: readonly string[] }) =>
      `files of ${a.binary} names ${a.member}, but its members are ${a.known.join(', ')}.`,
    hint: 'name members as bundle.yaml does, relative to the archive.',
    explain: 'Only members that are installed are compared, so this digest says nothing.',
  },
  PIN_MEMBER_MISSING: {
    severity: 'warning',
    title: 'A member without a digest',
    message: (a: { binary: string; members: readonly string[] }) =>
      `files of ${a.binary} has no digest of ${a.members.join(', ')}.`,
    hint: 'name all members or none; without `files` and sha256, `firstboot pin` fills in both.',
    explain:
      'With `files` a machine image that holds the binaries already is recognised and nothing is fetched. What `files` does not list is not looked at, so on such an image it could be missing or of another version.',
  },
} satisfies Entries;
