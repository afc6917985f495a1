import type { Variant } from './cluster.ts';

/** The clusters that every real program is shown: the example, and one that uses what the example leaves at its default. */
export const variants: readonly Variant[] = [
  { name: 'the example', changes: {}, keyType: 'rsa' },
  {
    name: 'a cluster with everything turned on',
    changes: {
      components: ['containerd', 'kubelet', 'kube-proxy'],
      'kubelet.config': { maxPods: 50, evictionHard: { 'memory.available': '200Mi' }, systemReserved: { cpu: '100m' } },
      'kubelet.labels': { 'pool.example.com/kind': 'general', 'pool.example.com/number': '007' },
      'kubelet.taints': [{ key: 'example.com/starting', value: 'yes', effect: 'NoSchedule' }],
      'registries.docker.io': { mirrors: ['https://mirror.example.com'] },
      'node.proxy': { https: 'http://proxy.example.com:3128', noProxy: ['10.0.0.0/8', '.example.com'] },
      cloudInit: { timezone: 'Etc/UTC' },
      'aws.delivery': 'instance-scoped',
      'workers.worker-1.labels': { 'pool.example.com/kind': 'special' },
      'workers.worker-1.kubelet': { config: { maxPods: 20 } },
    },
    keyType: 'ec',
  },
];
