import { describe, expect, test } from 'vitest';
import { makeCluster, run } from '../support/cluster.ts';
import { provokes } from '../support/provoke.ts';

const only = true;

describe('addresses', () => {
  provokes(
    'SPEC_PRIVATE_IP_TAKEN',
    'two workers have one',
    c => c.edit('cluster.yaml', text => text.replace('10.0.1.21', '10.0.1.20')),
    {
      at: 'cluster.yaml:29:25',
    },
  );
  for (const [title, address] of [
    ['the network', '10.0.1.0'],
    ['the fourth address', '10.0.1.3'],
    ['the last address', '10.0.1.255'],
  ] as const) {
    provokes(
      'SPEC_PRIVATE_IP_RESERVED',
      title,
      c => c.edit('cluster.yaml', text => text.replace('10.0.1.20', address)),
      {
        at: 'cluster.yaml:28:25',
      },
    );
  }
  provokes('SPEC_PRIVATE_IP_OUTSIDE_SUBNET', 'of the next subnet', c =>
    c.edit('cluster.yaml', text => text.replace('10.0.1.20', '10.0.2.20')),
  );
  for (const [title, address] of [
    ['loopback', '127.0.0.1'],
    ['instance metadata', '169.254.169.254'],
    ['multicast', '224.0.0.1'],
    ['this network', '0.0.0.1'],
    ['reserved', '255.255.255.255'],
    ['the api-server’s', '10.0.1.10'],
    ['a service’s', '10.32.0.20'],
  ] as const) {
    provokes('SPEC_PRIVATE_IP_UNUSABLE', title, c =>
      c.spec(spec => {
        spec.workers['worker-0'].privateIp = address;
      }),
    );
  }
});

describe('networks', () => {
  provokes(
    'SPEC_SERVICE_CIDR_OVERLAP',
    'the subnet is half of the service range',
    c =>
      c.spec(spec => {
        Object.assign(spec.cluster, { serviceCidr: '10.0.1.128/25', dns: ['10.0.1.138'] });
      }),
    { only },
  );
  provokes(
    'SPEC_SERVICE_CIDR_SIZE',
    'a range of 24 bits',
    c =>
      c.spec(spec => {
        Object.assign(spec.cluster, { serviceCidr: '172.0.0.0/8', dns: ['172.0.0.10'] });
      }),
    { only },
  );
  provokes('SPEC_SERVICE_CIDR_SIZE', 'a range of two', c =>
    c.spec(spec => {
      spec.cluster.serviceCidr = '10.32.0.0/31';
    }),
  );
  provokes(
    'SPEC_SUBNET_SIZE',
    'the range of the VPC’s supernet',
    c =>
      c.spec(spec => {
        spec.aws.subnetCidr = '10.0.0.0/12';
      }),
    { only },
  );
  provokes(
    'SPEC_DNS_OUTSIDE_SERVICES',
    'the DNS of another cluster',
    c => c.edit('cluster.yaml', text => text.replace('[10.32.0.10]', '[10.96.0.10]')),
    { at: 'cluster.yaml:8:9', only },
  );
  provokes(
    'SPEC_DNS_IS_API',
    'the first address',
    c => c.edit('cluster.yaml', text => text.replace('[10.32.0.10]', '[10.32.0.1]')),
    { at: 'cluster.yaml:8:9', only },
  );
  for (const server of [
    'https://127.0.0.1:6443',
    'https://localhost:6443',
    'https://kubernetes.default.svc',
    'https://10.32.0.1',
  ]) {
    provokes('SPEC_SERVER_UNREACHABLE', server, c =>
      c.spec(spec => {
        spec.cluster.server = server;
      }),
    );
  }
});

describe('versions', () => {
  provokes(
    'SPEC_KUBERNETES_VERSION',
    'of a later year',
    c => {
      c.edit('cluster.yaml', text => text.replace('kubernetes: 1.36.1', 'kubernetes: 1.99.0'));
      c.edit('pins.yaml', text => text.replaceAll('1.36.1', '1.99.0'));
    },
    { at: 'cluster.yaml:11:15', only },
  );
  provokes('SPEC_CONTAINERD_VERSION', 'containerd 2.1 for Kubernetes 1.36', c =>
    c.edit('cluster.yaml', text => text.replace('containerd: 2.3.1', 'containerd: 2.1.5')),
  );
  provokes('SPEC_CONTAINERD_VERSION', 'containerd 1.7 with our configuration', c =>
    c.edit('cluster.yaml', text => text.replace('containerd: 2.3.1', 'containerd: 1.7.27').replace('1.36.1', '1.34.1')),
  );
  provokes(
    'SPEC_VERSION_MISSING',
    'none for runc',
    c =>
      c.spec(spec => {
        delete spec.versions.runc;
      }),
    { only },
  );
});

describe('versions that nothing uses', () => {
  provokes('SPEC_VERSION_UNUSED', 'misspelt', c => c.spec(spec => Object.assign(spec.versions, { rnc: '1.0.0' })), {
    at: 'cluster.yaml',
    only,
  });
  test('the binary without a version is the one that was meant; what is off may have a version', async () => {
    const cluster = await makeCluster();
    cluster.spec(spec => {
      delete spec.versions.runc;
      Object.assign(spec.versions, { rnc: '1.0.0', 'kube-proxy': '1.36.1', kubelet: '1.36.1' });
    });
    const { json } = await run(cluster, 'check', '--json');
    const unused = json.diagnostics.filter((one: any) => one.code === 'SPEC_VERSION_UNUSED');
    expect(unused).toHaveLength(1);
    expect(unused[0].hint).toBe('did you mean runc?');
  });
});

describe('machines', () => {
  for (const type of [
    't4g.medium',
    'm7g.large',
    'c7gn.xlarge',
    'im4gn.large',
    'x2gd.medium',
    'r8gd.large',
    'a1.large',
    'g5g.xlarge',
    'is4gen.large',
  ]) {
    provokes(
      'SPEC_INSTANCE_TYPE_ARCH',
      `${type} is arm64`,
      c =>
        c.spec(spec => {
          spec.aws.instanceTypes = [type];
        }),
      { only },
    );
  }
  for (const type of ['g4dn.xlarge', 'g5.xlarge', 'g6e.xlarge', 'p4d.24xlarge', 'm7i-flex.large', 't3.medium']) {
    provokes('SPEC_INSTANCE_TYPE_ARCH', `${type} is amd64`, c =>
      c.spec(spec => {
        Object.assign(spec.workers['worker-0'], { arch: 'arm64', instanceTypes: [type] });
      }),
    );
  }
  provokes(
    'SPEC_SPOT_PROTECTED',
    'EC2 protects no spot instance',
    c =>
      c.spec(spec => {
        Object.assign(spec.aws, { spot: true, terminationProtection: true });
      }),
    { only },
  );
  provokes(
    'SPEC_IMAGE_MISSING',
    'only one for arm64',
    c =>
      c.spec(spec => {
        spec.aws.image = { arm64: 'ami-0123456789abcdef0' };
      }),
    { only },
  );
  provokes(
    'SPEC_IMAGE_ARCH',
    'the parameter of arm64',
    c =>
      c.spec(spec => {
        spec.aws.image = {
          amd64: 'ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
        };
      }),
    { only },
  );
  for (const tag of ['aws:owner', 'AWS:owner', 'firstboot:cluster', 'Name']) {
    provokes(
      'SPEC_TAG_RESERVED',
      tag,
      c =>
        c.spec(spec => {
          spec.aws.tags = { [tag]: 'x' };
        }),
      { only },
    );
  }
});

describe('the way out', () => {
  provokes(
    'SPEC_MIRROR_HTTP',
    'a mirror in the same network',
    c =>
      c.spec(spec => {
        spec.registries = { 'docker.io': { mirrors: ['http://mirror.example.com'] } };
      }),
    { only },
  );
  provokes('SPEC_NO_PROXY', 'nothing is reached directly', c =>
    c.spec(spec => {
      spec.node = { proxy: { https: 'http://proxy.example.com:3128' } };
    }),
  );
  provokes(
    'SPEC_NO_PROXY',
    'services are not covered',
    c =>
      c.spec(spec => {
        spec.node = { proxy: { https: 'http://proxy.example.com:3128', noProxy: ['10.0.0.0/16'] } };
      }),
    { only },
  );
  provokes('SPEC_CA_FILE', 'it holds a private key', c => {
    c.write('extra.pem', `${c.ca.certificate}${c.ca.key}`);
    c.spec(spec => {
      spec.node = { ca: ['extra.pem'] };
    });
  });
  provokes('SPEC_CA_FILE', 'it is not there', c =>
    c.spec(spec => {
      spec.registries = { 'docker.io': { ca: 'missing.pem' } };
    }),
  );
});

describe('the PKI folder', () => {
  provokes('SPEC_PKI_PATTERN', 'one certificate for all', c => {
    c.spec(spec => {
      spec.pki.certificate = 'worker-0.pem';
    });
  });
  provokes('SPEC_READ_SECRET_FILE', 'the command prints one file', c => {
    c.spec(spec => {
      spec.pki.readSecret = ['cat', 'pki/worker-0-key.pem'];
    });
  });
  provokes('SPEC_WORKER_NAME', 'every machine is localhost', c =>
    c.spec(spec => {
      spec.workers.localhost = { privateIp: '10.0.1.22' };
    }),
  );
});
