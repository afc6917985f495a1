import { describe, expect, test } from 'vitest';
import { type FoundPki, planIssue } from '../../src/issue/plan.ts';

type There = {
  readonly ca?: boolean;
  readonly caKey?: boolean;
  readonly chosen?: boolean;
  readonly key?: boolean;
  readonly certificate?: boolean;
  readonly kubeconfig?: boolean;
};

function found({
  ca = true,
  caKey = true,
  chosen = false,
  key = false,
  certificate = false,
  kubeconfig = false,
}: There): FoundPki {
  return {
    ca: { file: 'pki/ca.pem', there: ca },
    caKey: { file: 'pki/ca-key.pem', there: caKey, chosen },
    identities: [
      {
        owner: { kind: 'worker', name: 'worker-0', privateIp: '10.0.1.20' },
        key: { file: 'pki/worker-0-key.pem', there: key },
        certificate: { file: 'pki/worker-0.pem', there: certificate },
        kubeconfig: { file: 'pki/worker-0.kubeconfig', there: kubeconfig },
      },
    ],
  };
}

/** For example "make · make make make": the CA; key, certificate and kubeconfig. */
function outcome(there: There, force = false): string {
  const { plan, problems } = planIssue(found(there), force);
  if (!plan) return problems.map(problem => problem.message).join('; ');
  return [
    plan.ca,
    '·',
    ...plan.identities.flatMap(({ steps }) => [steps.key, steps.certificate, steps.kubeconfig]),
  ].join(' ');
}

describe('planIssue', () => {
  test.each<readonly [string, There, string]>([
    ['nothing is there', { ca: false, caKey: false }, 'make · make make make'],
    ['a CA is there', {}, 'keep · make make make'],
    ['all is there', { key: true, certificate: true, kubeconfig: true }, 'keep · keep keep keep'],
    [
      'all is there but the CA’s key',
      { caKey: false, key: true, certificate: true, kubeconfig: true },
      'keep · keep keep keep',
    ],
    ['only the kubeconfig is missing', { caKey: false, key: true, certificate: true }, 'keep · keep keep make'],
    ['a key waits for its certificate', { key: true }, 'keep · keep make make'],
    ['a killed run left the new CA’s key', { ca: false }, 'complete · make make make'],
    ['a killed run left two keys', { ca: false, key: true }, 'complete · keep make make'],
  ])('when %s', (_, there, expected) => {
    expect(outcome(there)).toBe(expected);
  });

  test.each<readonly [string, There, RegExp]>([
    ['the CA’s key is needed and absent', { caKey: false }, /the key of pki\/ca.pem is needed .* no pki\/ca-key.pem/],
    ['--ca-key names nothing', { caKey: false, chosen: true }, /--ca-key names pki\/ca-key.pem, which does not exist/],
    [
      '--ca-key names a key, but there is no CA',
      { ca: false, chosen: true },
      /pki\/ca.pem is missing, but --ca-key names/,
    ],
    [
      'a certificate is there, but no CA',
      { ca: false, caKey: false, key: true, certificate: true },
      /pki\/ca.pem is missing, but pki\/worker-0.pem was signed/,
    ],
    ['a certificate has lost its key', { certificate: true }, /pki\/worker-0.pem is there without its key/],
    [
      'a kubeconfig has lost its certificate',
      { key: true, kubeconfig: true },
      /pki\/worker-0.kubeconfig is there, but pki\/worker-0.pem is not/,
    ],
  ])('refuses when %s', (_, there, expected) => {
    expect(outcome(there)).toMatch(expected);
  });

  test('--force renews the identity and never the CA', () => {
    expect(outcome({ key: true, certificate: true, kubeconfig: true }, true)).toBe('keep · make make make');
    expect(outcome({ certificate: true }, true)).toBe('keep · make make make');
  });
});
