import {
  CoreV1Api,
  RbacAuthorizationV1Api,
  type V1ClusterRole,
  type V1ClusterRoleBinding,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKube } from '../../src/adapters/kube/kube.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { clusterRole, clusterRoleHealthz } from '../../src/rollout/iam/cluster-role.ts';
import { deployerName } from '../../src/rollout/iam/names.ts';
import { refusal } from '../contract/contract.ts';
import { type KubeWorld, kubeContract } from '../contract/kube.ts';
import { type KubeLab, kubeNeeds, openKubeLab } from './kube-lab.ts';
import { realWorld, register } from './kube-world.ts';
import { need } from './lab.ts';

let lab: KubeLab;
const here = kubeNeeds.every(({ missing }) => missing() === undefined);

beforeAll(async () => {
  if (!here) return;
  lab = await openKubeLab();
  // The operator of `firstboot iam`, and nobody, who is in another group.
  lab.sign('operator', deployerName);
  lab.sign('nobody', 'strangers');
  for (const role of [clusterRole, clusterRoleHealthz]) await grant(role);
  const kube = createKube(lab.as('operator'));
  await until(async () => (await kube.missingRights()).length === 0);
});
afterAll(() => lab?.close());

describe('a real kube-apiserver, with the rights that `firstboot iam` prints', () => {
  let world: KubeWorld;
  for (const { name, run } of kubeContract)
    test(name, async context => {
      need(context, ...kubeNeeds);
      world ??= realWorld(lab.as('admin'), lab.as('operator'));
      await run(world);
    });
});

describe('rights', () => {
  const rules = (clusterRole[0] as unknown as V1ClusterRole).rules ?? [];
  const needed = rules
    .filter(({ resources }) => !resources?.includes('selfsubjectaccessreviews'))
    .flatMap(({ resources, verbs }) => verbs.map(verb => `${verb} ${resources?.[0]}`));

  test('whoever has none lacks them all, and may not even look', async context => {
    need(context, ...kubeNeeds);
    const kube = createKube(lab.as('nobody'));
    expect((await kube.missingRights()).toSorted()).toEqual(needed.toSorted());
    const node = await register(lab.as('admin').makeApiClient(CoreV1Api), 'node-900');
    const pod = { namespace: 'default', name: 'web', uid: 'none' };
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['get nodes', () => kube.node(node.name)],
      ['list nodes', () => kube.nodes()],
      ['patch nodes', () => kube.setUnschedulable(node, true)],
      ['delete nodes', () => kube.deleteNode(node)],
      ['list pods', () => kube.podsOn(node.name)],
      ['create pods/eviction', () => kube.evict(pod)],
      ['list poddisruptionbudgets', () => kube.disruptionBudgets()],
    ];
    expect(calls.map(([right]) => right).toSorted()).toEqual(needed.toSorted());
    for (const [right, call] of calls) {
      expect(await refusal(call()), right).toEqual({ code: 'Forbidden', status: 403 });
      await expect(call()).rejects.toMatchObject({ call: right });
    }
    expect(await kube.healthz(node.name)).toEqual({ kind: 'denied' });
  });

  for (const right of needed)
    test(`without “${right}” that one is missing`, async context => {
      need(context, ...kubeNeeds);
      const [verb, resource = ''] = right.split(' ');
      const without = rules.map(rule =>
        rule.resources?.includes(resource) ? { ...rule, verbs: rule.verbs.filter(one => one !== verb) } : rule,
      );
      const name = `no-${right.replace(/\W/g, '-')}`;
      lab.sign(name, name);
      await grantRules(name, without);
      const kube = createKube(lab.as(name));
      await until(async () => (await kube.missingRights()).length === 1);
      expect(await kube.missingRights()).toEqual([right]);
    });

  test('a kubelet’s own credentials are told apart from an operator’s', async context => {
    need(context, ...kubeNeeds);
    expect(await createKube(lab.as('worker-0')).missingRights()).toContain('delete nodes');
  });
});

async function grant(documents: readonly unknown[]): Promise<void> {
  const rbac = lab.as('admin').makeApiClient(RbacAuthorizationV1Api);
  const [role, binding] = documents as readonly [V1ClusterRole, V1ClusterRoleBinding];
  await rbac.createClusterRole({ body: role });
  await rbac.createClusterRoleBinding({ body: binding });
}

async function grantRules(name: string, rules: NonNullable<V1ClusterRole['rules']>): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const roleRef = { apiGroup, kind: 'ClusterRole', name };
  await grant([
    { metadata: { name }, rules: rules.filter(({ verbs }) => verbs.length > 0) },
    { metadata: { name }, roleRef, subjects: [{ apiGroup, kind: 'Group', name }] },
  ]);
}

/** The api-server’s authorizer hears of a new role a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await holds()) return;
    await systemClock.sleep(100);
  }
}
