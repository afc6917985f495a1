import type { Ask, Reply } from '../../src/local/http.ts';
import { type FailureCase, testFailures } from './cases.ts';
import type { FailureWorld } from './world.ts';
import { oneWorker } from './world.ts';

const subnet = 'subnet-0123456789abcdef0';
const zone = 'us-east-1a';
const isPut = ({ method, url }: Ask, part: string) => method === 'PUT' && url.includes(part);
const denied: Reply = { status: 403, body: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>' };
const faults =
  (...rules: string[]) =>
  (world: FailureWorld) =>
    rules.forEach(world.cloud.fault);
const twoTypes = (spec: any) => {
  oneWorker(spec);
  spec.aws.instanceTypes = ['t3.medium', 't3.large'];
};
/** With a worker that runs, and a spec that says something else by now. */
const drifted = async (world: FailureWorld) => {
  await world.run('apply', '--wait', 'booted', '--yes');
  world.folder.spec(spec => {
    spec.kubelet = { config: { maxPods: 42 } };
  });
};
const anyCapacity = ({ cloud }: FailureWorld) => {
  for (const type of ['t3.medium', 't3.large']) cloud.ec2.setCapacity(type, zone, 'any');
};
const noCapacity = ({ cloud }: FailureWorld) => {
  for (const type of ['t3.medium', 't3.large']) cloud.ec2.setCapacity(type, zone, 'none');
};
/** What is launched ends after so many milliseconds. */
const ending = (why: 'spot' | 'key', after: number) => (world: FailureWorld) => {
  let on = true;
  world.boot = () => ({ kind: 'hangs', phase: 'binaries' });
  world.cloud.ec2.onLaunched(async ({ instanceId }) => {
    if (world.boot('', '').kind !== 'hangs') on = false;
    await world.clock.sleep(after);
    if (on) world.cloud.ec2.interrupt(instanceId, why);
  });
};

const cases: readonly FailureCase[] = [
  {
    name: '16-upload-cut',
    provoke: world => {
      world.meddle = ask => (isPut(ask, '/secrets/') ? 'cut' : undefined);
    },
    code: 'CALL_UNANSWERED',
  },
  {
    name: '16-manifest-refused',
    provoke: world => {
      world.meddle = ask => (isPut(ask, '/manifest.json') ? denied : undefined);
    },
    code: 'CALL_DENIED',
  },
  {
    name: '16-manifest-damaged',
    provoke: ({ cloud }) => cloud.store().put({ key: 'state/from-scratch/manifest.json', bytes: Buffer.from('{') }),
    code: 'STAGE_MANIFEST_DAMAGED',
    mend: ({ cloud }) => cloud.store().versions('state/from-scratch/manifest.json').then(cloud.store().remove),
  },
  { name: '21-throttled-for-minutes', provoke: faults('RunInstances=RequestLimitExceeded'), code: 'CALL_THROTTLED' },
  {
    name: '22-no-capacity',
    world: { spec: twoTypes },
    provoke: noCapacity,
    mend: anyCapacity,
    code: 'LAUNCH_NO_CAPACITY',
  },
  {
    name: '22-quota',
    provoke: ({ cloud }) => cloud.ec2.setQuota({ vcpus: 0 }),
    mend: ({ cloud }) => cloud.ec2.setQuota({ vcpus: null }),
    code: 'LAUNCH_NO_CAPACITY',
  },
  {
    name: '22-full-subnet',
    provoke: ({ cloud }) => cloud.ec2.setTaken(subnet, 251),
    mend: ({ cloud }) => cloud.ec2.setTaken(subnet, 0),
    code: 'CALL_QUOTA',
  },
  {
    name: '22-no-capacity-to-replace-by',
    world: { spec: twoTypes },
    provoke: async world => {
      await drifted(world);
      noCapacity(world);
    },
    mend: anyCapacity,
    options: ['--ignore-drain-failure'],
    code: 'CAPACITY_NOT_RESERVED',
    live: 1,
  },
  {
    name: '22-spot-to-be-replaced',
    world: {
      spec: spec => {
        oneWorker(spec);
        spec.aws.spot = true;
      },
    },
    provoke: drifted,
    options: ['--ignore-drain-failure'],
    code: 'CAPACITY_RISK',
    live: 1,
  },
  {
    name: '23-never-shown',
    world: { pace: { describeLag: 400_000 } },
    provoke: () => {},
    code: 'LAUNCH_NOT_SEEN',
    live: 1,
    rerun: false,
  },
  { name: '24-answers-lost', provoke: faults('RunInstances=lost'), code: 'CALL_UNANSWERED', live: 1 },
  {
    name: '26-address-held',
    provoke: ({ cloud }) =>
      cloud.compute.createInterface({
        clientToken: 'other',
        subnetId: subnet,
        privateIp: '10.0.1.20',
        securityGroups: ['sg-0123456789abcdef0'],
        description: 'ELB app/shop/50dc6c495c0c9188',
        tags: {},
      }),
    mend: async ({ cloud }) => {
      const held = await cloud.compute.interfaceAt(subnet, '10.0.1.20');
      await cloud.compute.deleteInterface(held?.interfaceId ?? '');
    },
    code: 'ADDRESS_HELD',
  },
  { name: '27-spot-reclaimed-during-boot', provoke: ending('spot', 40_000), code: 'LAUNCH_ENDED' },
  { name: '27-ended-at-once', provoke: ending('key', 1_000), code: 'LAUNCH_ENDED' },
  {
    name: '28-no-cloud-init',
    provoke: world => {
      world.boot = () => ({ kind: 'silent' });
    },
    options: ['--timeout', '3m'],
    code: 'VERIFY_NO_REPORT',
  },
  {
    name: '38-hostname-differs',
    provoke: world => {
      world.boot = () => ({ kind: 'fails', phase: 'identify', code: 'BOOT_IDENTIFY_HOSTNAME', cause: 'ip-10-0-1-20' });
    },
    code: 'VERIFY_BOOT_FAILED',
  },
  {
    name: '44-new-node-fails',
    world: { spec: () => {} },
    provoke: async world => {
      await drifted(world);
      world.boot = () => ({ kind: 'fails', phase: 'health', code: 'BOOT_HEALTH', cause: 'no healthz in 120 s' });
    },
    options: ['--ignore-drain-failure'],
    code: 'VERIFY_BOOT_FAILED',
    live: 1,
    rerun: false,
  },
];

testFailures(cases);
