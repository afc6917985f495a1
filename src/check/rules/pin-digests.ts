import type { Pins } from '../../compile/pins.ts';
import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { sha256 } from '../../tree/digest.ts';
import type { ClusterRule } from '../context.ts';
import { describeNeeded, neededPins, pinOrigin } from './pin-needed.ts';

const ofNothing = sha256('');

/** Digests have the form of a SHA-256, and are not that of an empty file. */
export const pinDigests: ClusterRule = context =>
  neededPins(context).flatMap((needed): readonly Finding[] => {
    const digest = needed.pin?.sha256;
    if (digest === undefined) return [];
    const origin = pinOrigin([...needed.path, 'sha256']);
    const reason = describeBadDigest(digest);
    if (reason) return [finding('PIN_DIGEST_INVALID', origin, { ...describeNeeded(needed), reason })];
    return digest === ofNothing ? [finding('PIN_DIGEST_EMPTY_FILE', origin, describeNeeded(needed))] : [];
  });

/** Digests of what an archive holds have that form as well, and are of members that are installed. */
export const pinMembers: ClusterRule = context =>
  neededPins(context).flatMap(({ binary, component, pin, path }) => {
    if (!pin?.files) return [];
    const { files } = pin;
    const known = component.binaries.find(one => one.name === binary)?.members;
    const members = (known ?? []).filter(member => !Object.hasOwn(files, member));
    const missing =
      members.length > 0
        ? [finding('PIN_MEMBER_MISSING', pinOrigin([...path, 'files'], true), { binary, members })]
        : [];
    const judged = Object.entries(files).flatMap(([member, digest]): readonly Finding[] => {
      const origin = [...path, 'files', member];
      const reason = describeBadDigest(digest) ?? (digest === ofNothing ? 'it is that of an empty file' : undefined);
      if (reason) return [finding('PIN_MEMBER_DIGEST', pinOrigin(origin), { binary, member, reason })];
      // `pin` writes down all that an archive holds: what is more is a mistake only where something lacks.
      return known && members.length > 0 && !known.includes(member)
        ? [finding('PIN_MEMBER_UNKNOWN', pinOrigin(origin, true), { binary, member, known })]
        : [];
    });
    return [...missing, ...judged];
  });

/** No two files have one digest, wherever they stand in pins.yaml: one that a worker needs is pasted from another. */
export const pinSharedDigests: ClusterRule = context => {
  const { pins } = context.inputs;
  if (!pins) return [];
  const needed = new Set(neededPins(context).map(({ path }) => path.join(' ')));
  const groups = new Map<string, Digest[]>();
  for (const one of allPins(pins)) groups.set(one.digest, [...(groups.get(one.digest) ?? []), one]);
  return [...groups.values()].flatMap(same => {
    const wanted = same.find(({ path }) => needed.has(path.join(' ')));
    const other = same.find(one => one !== wanted);
    if (!wanted || !other) return [];
    const note = { message: 'the same digest', origin: pinOrigin([...other.path, 'sha256']) };
    return [
      finding(
        'PIN_DIGEST_SHARED',
        pinOrigin([...wanted.path, 'sha256']),
        { one: nameOf(wanted.path), other: nameOf(other.path) },
        [note],
      ),
    ];
  });
};

type Digest = { readonly path: Path; readonly digest: string };

function allPins(pins: Pins): readonly Digest[] {
  return Object.entries(pins).flatMap(([binary, versions]) =>
    Object.entries(versions).flatMap(([version, arches]) =>
      Object.entries(arches).flatMap(([arch, pin]) =>
        pin?.sha256 === undefined || pin.sha256 === ofNothing
          ? []
          : [{ path: ['binaries', binary, version, arch], digest: pin.sha256.toLowerCase() }],
      ),
    ),
  );
}

function nameOf([, binary, version, arch]: Path): string {
  return `${binary} ${version} for ${arch}`;
}

/** Other digests that are published beside a SHA-256, by their number of hex digits. */
const otherDigests: Readonly<Record<number, string>> = {
  32: 'MD5',
  40: 'SHA-1',
  56: 'SHA-224',
  96: 'SHA-384',
  128: 'SHA-512',
};

function describeBadDigest(digest: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(digest)) return undefined;
  if (/^sha256:/i.test(digest)) return 'it begins with “sha256:”';
  if (/^[0-9a-f]{64}\s/i.test(digest)) return 'a file name follows the digits';
  if (/[^0-9a-fA-F]/.test(digest)) return 'it holds something else than hex digits';
  if (digest.length === 64) return 'it is in upper case';
  const other = otherDigests[digest.length];
  return `it has ${digest.length} digits, not 64${other ? `, as a ${other} has` : ''}`;
}
