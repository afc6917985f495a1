/** Who has an identity: a worker, or a component that has one for all workers. */
export type Owner =
  | { readonly kind: 'worker'; readonly name: string; readonly privateIp: string }
  | { readonly kind: 'kube-proxy'; readonly name: string };

/** A file's name, relative to cluster.yaml's folder, and whether something has that name. */
export type Found = { readonly file: string; readonly there: boolean };

export type FoundIdentity = {
  readonly owner: Owner;
  readonly key: Found;
  readonly certificate: Found;
  readonly kubeconfig: Found;
};

export type FoundPki = {
  readonly ca: Found;
  /** `chosen`: named by the user, not found by its default name. */
  readonly caKey: Found & { readonly chosen: boolean };
  readonly identities: readonly FoundIdentity[];
};

export type Step = 'keep' | 'make';

export type PlannedIdentity = FoundIdentity & {
  readonly steps: { readonly key: Step; readonly certificate: Step; readonly kubeconfig: Step };
};

export type IssuePlan = {
  /** make: a new CA; complete: its key is there, as a killed run leaves it. */
  readonly ca: 'keep' | 'make' | 'complete';
  readonly identities: readonly PlannedIdentity[];
};

export type IssueProblem = { readonly message: string; readonly hint: string };

/**
 * What is missing, or all the reasons why nothing may be issued. Files are written in the order key, certificate,
 * kubeconfig, so a
 * killed run leaves a key without a certificate at most, and the next run goes on with that key. `force` renews
 * identities, never the CA.
 */
export function planIssue(
  found: FoundPki,
  force: boolean,
): { readonly plan?: IssuePlan; readonly problems: readonly IssueProblem[] } {
  const ca = found.ca.there ? 'keep' : found.caKey.there ? 'complete' : 'make';
  const identities = found.identities.map(identity => planIdentity(identity, force));
  const problems = [
    ...identities.flatMap(identity => identityProblems(identity)),
    ...caProblems(found, ca, identities),
  ];
  return problems.length > 0 ? { problems } : { plan: { ca, identities }, problems };
}

function planIdentity(found: FoundIdentity, force: boolean): PlannedIdentity {
  const step = ({ there }: Found): Step => (force || !there ? 'make' : 'keep');
  return {
    ...found,
    steps: { key: step(found.key), certificate: step(found.certificate), kubeconfig: step(found.kubeconfig) },
  };
}

/** What is half there, and not by a killed run: it is the user's to say which half holds. */
function identityProblems({ owner, key, certificate, kubeconfig, steps }: PlannedIdentity): readonly IssueProblem[] {
  const hint = `put the missing file back, or issue all of ${owner.name} anew with \`--force --worker ${owner.name}\`.`;
  if (steps.certificate === 'keep' && steps.key === 'make') {
    return [{ message: `${certificate.file} is there without its key, ${key.file}`, hint }];
  }
  if (steps.certificate === 'make' && steps.kubeconfig === 'keep') {
    return [
      {
        message: `${kubeconfig.file} is there, but ${certificate.file} is not: a new certificate would not be the one in the kubeconfig`,
        hint,
      },
    ];
  }
  return [];
}

function caProblems(
  found: FoundPki,
  ca: IssuePlan['ca'],
  identities: readonly PlannedIdentity[],
): readonly IssueProblem[] {
  const { caKey } = found;
  const kept = identities.find(identity => identity.steps.certificate === 'keep');
  if (ca !== 'keep') {
    const hint = `put the CA’s certificate there (\`pki.ca\` in the spec names it); \`firstboot pki issue\` makes a CA only where there is none.`;
    if (kept)
      return [{ message: `${found.ca.file} is missing, but ${kept.certificate.file} was signed by some CA`, hint }];
    if (caKey.chosen) {
      return caKey.there
        ? [{ message: `${found.ca.file} is missing, but --ca-key names a CA’s key, ${caKey.file}`, hint }]
        : [{ message: `--ca-key names ${caKey.file}, which does not exist`, hint: 'name the CA’s private key.' }];
    }
    return [];
  }
  const signs = identities.some(identity => identity.steps.certificate === 'make');
  if (!signs || caKey.there) return [];
  const what = caKey.chosen
    ? `--ca-key names ${caKey.file}, which does not exist`
    : `the key of ${found.ca.file} is needed to issue certificates, but there is no ${caKey.file}`;
  return [
    {
      message: what,
      hint: 'name the CA’s private key with `--ca-key FILE` (kubeadm keeps it in /etc/kubernetes/pki/ca.key of the control plane).',
    },
  ];
}
