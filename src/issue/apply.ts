import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../pki/certificate.ts';
import type { PkiFolder } from '../ports/pki-folder.ts';
import { invariant } from '../tree/invariant.ts';
import type { Secret } from '../tree/secret.ts';
import type { Signer } from './certificate.ts';
import { embeddedKubeconfig, issueIdentity, type KeyType, makeCa, makeKey } from './identity.ts';
import type { FoundPki, IssuePlan } from './plan.ts';
import type { Materials } from './prepare.ts';

export type IssueSettings = {
  readonly cluster: string;
  readonly server: string;
  readonly keyType: KeyType;
  readonly days: number;
  readonly now: number;
};

/** A file of the PKI folder, and what became of it. */
export type IssueEvent = {
  readonly done: 'issued' | 'kept';
  /** "ca", or whose identity it belongs to. */
  readonly owner: string;
  readonly what: 'key' | 'certificate' | 'kubeconfig';
  readonly file: string;
  /** Of a certificate that was issued; milliseconds since 1970. */
  readonly notAfter?: number;
};

type Key = { readonly pem: Secret; readonly object: KeyObject };

/** Carries the plan out, file by file. Stopped anywhere, the folder is such that the next run goes on. */
export function* applyIssue(
  plan: IssuePlan,
  found: FoundPki,
  materials: Materials,
  settings: IssueSettings,
  folder: PkiFolder,
): Generator<IssueEvent> {
  const { ca, key } = yield* provideCa(plan, found, materials, settings, folder);
  for (const identity of materials.identities) yield* applyIdentity(identity, ca, key, settings, folder);
}

function* provideCa(
  plan: IssuePlan,
  found: FoundPki,
  materials: Materials,
  settings: IssueSettings,
  folder: PkiFolder,
): Generator<IssueEvent, { readonly ca: Certificate; readonly key: KeyObject | undefined }> {
  if (plan.ca === 'keep') {
    invariant(materials.ca, 'a CA that is kept was read');
    yield { done: 'kept', owner: 'ca', what: 'certificate', file: found.ca.file };
    return { ca: materials.ca, key: materials.caKey?.object };
  }
  const key: Key = materials.caKey ?? makeKey(settings.keyType);
  if (!materials.caKey) folder.write(found.caKey.file, key.pem.reveal(), 0o600);
  yield { done: materials.caKey ? 'kept' : 'issued', owner: 'ca', what: 'key', file: found.caKey.file };
  const ca = makeCa(settings.cluster, key.object, settings.now);
  folder.write(found.ca.file, ca.pem, 0o644);
  yield { done: 'issued', owner: 'ca', what: 'certificate', file: found.ca.file, notAfter: ca.notAfter };
  return { ca, key: key.object };
}

function* applyIdentity(
  identity: Materials['identities'][number],
  ca: Certificate,
  caKey: KeyObject | undefined,
  settings: IssueSettings,
  folder: PkiFolder,
): Generator<IssueEvent> {
  const { owner, steps, found } = identity;
  const event = (what: IssueEvent['what'], notAfter?: number): IssueEvent => ({
    done: steps[what] === 'make' ? 'issued' : 'kept',
    owner: owner.name,
    what,
    file: identity[what].file,
    ...(notAfter === undefined ? {} : { notAfter }),
  });
  // What is renewed goes first: a run that is killed in between leaves a key alone, and not a certificate of another
  // key.
  for (const what of ['kubeconfig', 'certificate'] as const) {
    if (steps[what] === 'make' && identity[what].there) folder.remove(identity[what].file);
  }
  const key: Key | undefined = steps.key === 'make' ? makeKey(settings.keyType) : found.key;
  if (key && steps.key === 'make') folder.write(identity.key.file, key.pem.reveal(), 0o600);
  yield event('key');
  const certificate =
    key && steps.certificate === 'make'
      ? issueIdentity(owner, key.object, signerOf(ca, caKey), settings.days, settings.now)
      : found.certificate;
  if (certificate && steps.certificate === 'make') folder.write(identity.certificate.file, certificate.pem, 0o644);
  yield event('certificate', steps.certificate === 'make' ? certificate?.notAfter : undefined);
  if (steps.kubeconfig === 'make') {
    invariant(key && certificate, 'what goes into a kubeconfig was read or made');
    const kubeconfig = embeddedKubeconfig(settings.cluster, settings.server, owner, ca, certificate, key.pem);
    folder.write(identity.kubeconfig.file, kubeconfig.reveal(), 0o600);
  }
  yield event('kubeconfig');
}

function signerOf(certificate: Certificate, key: KeyObject | undefined): Signer {
  invariant(key, 'who signs has the key');
  return { certificate, key };
}
