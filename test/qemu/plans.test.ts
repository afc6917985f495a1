import { describe, expect, test } from 'vitest';
import { nodeFiles } from '../../src/adapters/node-files.ts';
import { instanceOf } from '../../src/local/instance.ts';
import { bridgeSetup, dhcpArgv, tapOf } from '../../src/local/qemu/bridge.ts';
import { machineArgv } from '../../src/local/qemu/machine.ts';
import { apiServerOf, subnetsOf } from '../../src/local/qemu/network.ts';
import { userNetdev, userSetup } from '../../src/local/qemu/user-network.ts';
import { newRole } from '../../src/local/role.ts';
import { loadCluster } from '../../src/pipeline.ts';
import type { Cluster, Worker } from '../../src/spec/resolve.ts';
import { invariant } from '../../src/tree/invariant.ts';
import { makeCluster, root } from '../support/cluster.ts';

async function clusterOf(change: (spec: any) => void = () => {}): Promise<Cluster> {
  const cluster = await makeCluster();
  cluster.spec(change);
  const loaded = loadCluster(nodeFiles(cluster.folder, root), 'cluster.yaml');
  invariant(loaded.ok, 'the example is a cluster');
  return loaded.value;
}

function instancesOf(cluster: Cluster) {
  return cluster.workers.map((worker, index) => instanceOf(cluster, worker, Buffer.from([index]), newRole(0)));
}

function commands(steps: readonly { readonly argv: readonly string[] }[]): readonly string[] {
  return steps.map(({ argv }) => argv.join(' '));
}

describe('the subnets', () => {
  test('are the spec’s, with the first address as the gateway', async () => {
    const cluster = await clusterOf(spec => {
      spec.aws.subnetCidr = '10.0.0.0/20';
    });
    expect(subnetsOf(cluster, cluster.workers)).toMatchObject([{ gateway: '10.0.0.1', cidr: { prefix: 20 } }]);
  });

  test('are the /24 of each address where the spec has none', async () => {
    const cluster = await clusterOf(spec => {
      delete spec.aws.subnetCidr;
      spec.workers['worker-1'].privateIp = '10.0.9.21';
    });
    const subnets = subnetsOf(cluster, cluster.workers);
    expect(subnets.map(({ gateway, workers }) => [gateway, ...workers.map(({ name }) => name)])).toEqual([
      ['10.0.1.1', 'worker-0'],
      ['10.0.9.1', 'worker-1'],
    ]);
  });

  test('leave a worker its address', async () => {
    const cluster = await clusterOf();
    const workers: readonly Worker[] = cluster.workers.map((worker, index) => ({
      ...worker,
      privateIp: `10.0.1.${1 + index}`,
    }));
    expect(subnetsOf(cluster, workers).map(({ gateway }) => gateway)).toEqual(['10.0.1.3']);
  });
});

test.each([
  ['https://10.0.1.10:6443', { host: '10.0.1.10', port: 6443 }],
  ['https://api.example.com', { host: 'api.example.com', port: 443 }],
  ['https://[fd00::1]:6443', { host: 'fd00::1', port: 6443 }],
])('the api-server of %s', (server, expected) => {
  expect(apiServerOf(server)).toEqual(expected);
});

describe('a bridge', () => {
  const bridge = async (more: Partial<Parameters<typeof bridgeSetup>[0]>) => {
    const cluster = await clusterOf();
    const subnets = subnetsOf(cluster, cluster.workers);
    return bridgeSetup({ ip: 'ip', subnets, taps: ['t0'], server: undefined, existing: undefined, ...more });
  };

  test('of our own is gateway and metadata service', async () => {
    const { steps, listens } = await bridge({});
    expect(commands(steps)).toEqual([
      'ip link set lo up',
      'ip link add br0 type bridge',
      'ip link set br0 up',
      'ip address add 10.0.1.1/24 dev br0',
      'ip address add 169.254.169.254/32 dev br0',
      'ip tuntap add t0 mode tap',
      'ip link set t0 master br0 up',
    ]);
    expect(listens.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '169.254.169.254:80',
      '169.254.169.254:8000',
    ]);
  });

  test('of somebody else gets only what it lacks, and all of that can be taken back', async () => {
    const { steps } = await bridge({ existing: ['10.0.1.1', '10.0.1.10'] });
    expect(commands(steps)).toEqual([
      'ip address add 169.254.169.254/32 dev br0',
      'ip tuntap add t0 mode tap',
      'ip link set t0 master br0 up',
    ]);
    expect(steps.flatMap(({ undo }) => (undo ? [undo.join(' ')] : []))).toEqual([
      'ip address del 169.254.169.254/32 dev br0',
      'ip tuntap del t0 mode tap',
    ]);
  });

  test('has the api-server’s address when it is forwarded', async () => {
    const { steps, listens } = await bridge({ server: { host: '203.0.113.7', port: 6443 } });
    expect(commands(steps)).toContain('ip address add 203.0.113.7/32 dev br0');
    expect(listens).toContainEqual({ name: 'api-server', address: '203.0.113.7', port: 6443 });
  });

  test('is the api-server itself when that has the gateway’s address', async () => {
    const { steps, listens } = await bridge({ server: { host: '10.0.1.1', port: 6443 } });
    expect(commands(steps).filter(command => command.includes('10.0.1.1/'))).toEqual([
      'ip address add 10.0.1.1/24 dev br0',
    ]);
    expect(listens).toContainEqual({ name: 'api-server', address: '10.0.1.1', port: 6443 });
  });

  test('resolves an api-server’s name to the gateway, which forwards', async () => {
    const cluster = await clusterOf();
    const subnets = subnetsOf(cluster, cluster.workers);
    const server = { host: 'api.example.com', port: 443 };
    expect(dhcpArgv('dnsmasq', subnets, [], server)).toContain('--host-record=api.example.com,10.0.1.1');
    const { listens } = await bridge({ server });
    expect(listens).toContainEqual({ name: 'api-server', address: '10.0.1.1', port: 443 });
  });
});

test('DHCP gives each machine its address and its subnet’s gateway, and no DNS', async () => {
  const cluster = await clusterOf(spec => {
    delete spec.aws.subnetCidr;
    spec.workers['worker-1'].privateIp = '10.0.9.21';
  });
  const argv = dhcpArgv('dnsmasq', subnetsOf(cluster, cluster.workers), instancesOf(cluster), undefined);
  expect(argv.filter(word => /dhcp-(range|option|host)|port/.test(word))).toEqual([
    '--port=0',
    '--dhcp-range=set:s0,10.0.1.20,static',
    '--dhcp-option=tag:s0,3,10.0.1.1',
    '--dhcp-range=set:s1,10.0.9.21,static',
    '--dhcp-option=tag:s1,3,10.0.9.1',
    '--dhcp-host=02:00:0a:00:01:14,10.0.1.20',
    '--dhcp-host=02:00:0a:00:09:15,10.0.9.21',
  ]);
});

test('a tap’s name fits into the kernel’s 15 characters and differs between machines', () => {
  const names = [tapOf(99_999, 63), tapOf(99_999, 6), tapOf(9_999, 96)];
  expect(new Set(names).size).toBe(3);
  expect(names.every(name => name.length <= 15)).toBe(true);
});

describe('QEMU’s user networking', () => {
  const network = async (host: string | undefined) => {
    const cluster = await clusterOf();
    const [subnet] = subnetsOf(cluster, cluster.workers.slice(0, 1));
    invariant(subnet, 'worker-0 has a subnet');
    const server = host === undefined ? undefined : { host, port: 6443 };
    return { netdev: userNetdev(subnet, '10.0.1.20', server), setup: userSetup('ip', subnet, server) };
  };

  test('gives the machine its address', async () => {
    const { netdev, setup } = await network(undefined);
    expect(netdev).toBe('user,id=n0,net=10.0.1.0/24,host=10.0.1.1,dhcpstart=10.0.1.20,dns=10.0.1.2,ipv6=off');
    expect(commands(setup.steps)).toEqual(['ip link set lo up', 'ip address add 169.254.169.254/32 dev lo']);
  });

  test('dials an api-server of the subnet in the room, and has a neighbour of its address', async () => {
    const { netdev, setup } = await network('10.0.1.10');
    expect(netdev).toContain(',guestfwd=tcp:10.0.1.10:9-cmd:');
    expect(commands(setup.steps)).toContain('ip address add 10.0.1.10/32 dev lo');
    expect(setup.listens).toContainEqual({ name: 'api-server', address: '10.0.1.10', port: 6443 });
  });

  test('takes an api-server at the gateway for loopback', async () => {
    const { netdev, setup } = await network('10.0.1.1');
    expect(netdev).not.toContain('guestfwd');
    expect(setup.listens).toContainEqual({ name: 'api-server', address: '127.0.0.1', port: 6443 });
  });

  test('dials an api-server of elsewhere in the room', async () => {
    const { netdev, setup } = await network('203.0.113.7');
    expect(netdev).not.toContain('guestfwd');
    expect(commands(setup.steps)).toContain('ip address add 203.0.113.7/32 dev lo');
    expect(setup.listens).toContainEqual({ name: 'api-server', address: '203.0.113.7', port: 6443 });
  });

  test('keeps its DNS address off the others', async () => {
    expect((await network('10.0.1.2')).netdev).toContain('dns=10.0.1.3');
  });
});

describe('a machine', () => {
  const argvOf = async (more: Partial<Parameters<typeof machineArgv>[0]> = {}) => {
    const [instance] = instancesOf(await clusterOf());
    invariant(instance, 'worker-0 is an instance');
    const redirects = { 'https://a.example/': 'http://169.254.169.254:8000/a.example/', 'https://b.example/': 'x' };
    return machineArgv({
      qemu: 'qemu',
      instance,
      accelerator: 'tcg',
      kernel: undefined,
      netdev: 'user,id=n0',
      redirects,
      ...more,
    });
  };
  const valuesOf = (argv: readonly string[], option: string) =>
    argv.flatMap((word, index) => (argv[index - 1] === option ? [word] : []));

  test('is an EC2 instance to cloud-init: uuid and serial begin with ec2, the board’s asset tag is its ID', async () => {
    const [system, board] = valuesOf(await argvOf(), '-smbios');
    const [, uuid, serial] = /uuid=([^,]+),serial=(.+)$/.exec(system ?? '') ?? [];
    expect(uuid).toMatch(/^ec2[0-9a-f]{5}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(serial).toBe(uuid);
    expect(board).toMatch(/,asset=i-[0-9a-f]{17}$/);
  });

  test('is told where to fetch from, with QEMU’s commas doubled', async () => {
    const [, , strings = ''] = valuesOf(await argvOf(), '-smbios');
    expect(strings.replaceAll(',,', '')).toMatch(/^type=11,[^,]*$/);
    const text = strings.replace('type=11,value=firstboot.redirect=', '').replaceAll(',,', ',');
    expect(JSON.parse(text)).toEqual({
      'https://a.example/': 'http://169.254.169.254:8000/a.example/',
      'https://b.example/': 'x',
    });
  });

  test('boots by its own boot loader unless there is a kernel', async () => {
    expect(await argvOf()).not.toContain('-kernel');
    const kernel = { file: '/k', initrd: undefined, root: '/dev/vda' };
    const argv = await argvOf({ kernel });
    expect(valuesOf(argv, '-kernel')).toEqual(['/k']);
    expect(argv).not.toContain('-initrd');
    expect(valuesOf(argv, '-append')).toEqual(['root=/dev/vda rw console=ttyS0 quiet panic=-1']);
  });

  test('uses KVM when told to', async () => {
    expect(valuesOf(await argvOf(), '-accel')).toEqual(['tcg,thread=multi']);
    expect(valuesOf(await argvOf({ accelerator: 'kvm' }), '-accel')).toEqual(['kvm']);
  });

  test('has nothing of its user-data, role or archive on the command line', async () => {
    const cluster = await clusterOf();
    const [worker] = cluster.workers;
    invariant(worker, 'there is a worker');
    const role = newRole(0);
    const argv = (await argvOf({ instance: instanceOf(cluster, worker, Buffer.from('x'), role) })).join('\n');
    for (const secret of [role.secretAccessKey, role.token, role.accessKeyId]) expect(argv).not.toContain(secret);
  });
});
