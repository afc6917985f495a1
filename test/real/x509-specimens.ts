import {
  basicConstraints,
  caName,
  certSign,
  type Forged,
  type Forgery,
  forgeCa,
  forgeWorker,
  keyPem,
  pem,
  subjectKeyId,
  workerExtensions,
  workerName,
} from '../pki/forge.ts';
import { type Dice, diceOf } from './x509-dice.ts';
import { oddCa, oddLeaf, oddly, soundKey } from './x509-oddities.ts';
import { mutateSigned } from './x509-tree.ts';

/** An identity of worker-0 that was forged, and in what it is odd; PEM. */
export type Specimen = {
  readonly seed: number;
  readonly done: readonly string[];
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};

type Authority = Forged & { readonly subject: Uint8Array };

/** What follows from a seed: odd in the CA, in the certificate, or in both; by structure, or by the octets that are signed. */
export function specimenOf(seed: number): Specimen {
  const dice = diceOf(seed);
  const done: string[] = [];
  const [oddInCa, oddInLeaf, mutateCa, mutateLeaf] = dice.pick([
    [0, 3, 0, 0],
    [0, 1, 0, 0],
    [2, 2, 0, 0],
    [1, 1, 0, 0],
    [0, 1, 0, 2],
    [0, 0, 0, 1],
    [1, 0, 2, 0],
    [0, 0, 1, 0],
  ] as const);
  const ca = authority(dice, oddInCa, mutateCa, done);
  const leaf = worker(ca, dice, oddInLeaf, mutateLeaf, done);
  return { seed, done, ca: ca.pem, certificate: leaf.pem, key: keyPem(leaf.key) };
}

function authority(dice: Dice, most: number, times: number, done: string[]): Authority {
  const plain: Forgery = {
    subject: caName,
    key: soundKey('ca', dice),
    extensions: [basicConstraints(true), certSign(), subjectKeyId(1, 2, 3)],
  };
  if (most === 0 && times === 0) return plainAuthority(plain);
  const [draft, odd] = oddly(plain, oddCa, dice, most);
  done.push(...odd.map(what => `the CA’s ${what}`));
  const made = forgeCa(draft);
  if (times === 0) return made;
  const mutated = mutateSigned(made, made.key, draft.hash ?? 'sha256', dice, 1 + dice.below(times));
  done.push(...mutated.done.map(what => `the CA: ${what}`));
  return { ...made, pem: pem('CERTIFICATE', mutated.der), subject: mutated.subject ?? made.subject };
}

const plainAuthorities = new Map<Forgery['key'], Authority>();

/** One for each key, so that OpenSSL can be asked about many certificates at once. */
function plainAuthority(plain: Forgery): Authority {
  const made = plainAuthorities.get(plain.key) ?? forgeCa(plain);
  plainAuthorities.set(plain.key, made);
  return made;
}

function worker(ca: Authority, dice: Dice, most: number, times: number, done: string[]): Forged {
  const plain: Forgery = { subject: workerName, key: soundKey('worker', dice), extensions: workerExtensions };
  const [draft, odd] = oddly(plain, oddLeaf, dice, most);
  done.push(...odd.map(what => `the certificate’s ${what}`));
  const made = forgeWorker(ca, draft);
  if (times === 0) return made;
  const mutated = mutateSigned(made, ca.key, draft.hash ?? 'sha256', dice, 1 + dice.below(times));
  done.push(...mutated.done.map(what => `the certificate: ${what}`));
  return { ...made, pem: pem('CERTIFICATE', mutated.der) };
}
