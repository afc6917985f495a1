import { createVirtualClock } from '../../src/local/cloud/clock.ts';
import { runContract } from '../contract/contract.ts';
import { kubeContract, registered } from '../contract/kube.ts';
import { createKubeTwin } from '../support/kube-twin.ts';

runContract(kubeContract, {
  name: 'the in-memory api-server',
  create: async () => {
    let scenes = 0;
    return {
      scene: async () => {
        const clock = createVirtualClock(Date.parse('2026-11-25T09:00:00Z'));
        const twin = createKubeTwin(clock);
        const name = `worker-${scenes++}`;
        const node = twin.join({ ...registered, name, instanceId: 'i-0123456789abcdef0', ready: true });
        const namespace = `scene-${scenes}`;
        return {
          kube: twin,
          clock,
          node: { name: node.name, uid: node.uid },
          namespace,
          addPod: async ({ controller, ...pod }) =>
            twin.addPod({
              ...pod,
              namespace,
              node: name,
              controller: controller === undefined ? 'ReplicaSet' : (controller ?? undefined),
            }),
          addBudget: async budget => twin.addBudget({ ...budget, namespace }),
          settled: async () => {},
          ended: () => clock.advance(31_000),
        };
      },
      close: async () => {},
    };
  },
  deviations: {},
});
