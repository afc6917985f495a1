import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { createVirtualClock, type VirtualClock } from '../../src/local/cloud/clock.ts';
import type { CallWatch, CloudPace, FaultRule } from '../../src/local/cloud/cloud.ts';
import { createEc2, type Ec2 } from '../../src/local/cloud/ec2.ts';
import { violations } from '../../src/local/cloud/ec2-audit.ts';
import { catalogueFor } from '../../src/local/cloud/ec2-catalogue.ts';
import { parseFaultRule } from '../../src/local/cloud/fault-rules.ts';
import { type CloudS3, createS3 } from '../../src/local/cloud/s3.ts';
import type { Compute, LaunchRequest } from '../../src/ports/compute.ts';
import type { BucketPosture, ObjectStore } from '../../src/ports/object-store.ts';
import { type Cluster, resolve } from '../../src/spec/resolve.ts';
import { specSchema } from '../../src/spec/schema.ts';
import { root } from './cluster.ts';

export type TestCloudOptions = {
  readonly pace?: Partial<CloudPace>;
  /** Request rates as EC2’s (default false). */
  readonly throttled?: boolean;
  readonly faults?: readonly string[];
  readonly watch?: CallWatch;
  /** What it knows of subnets, images, … and whose bucket it has; default: the example’s. */
  readonly cluster?: Cluster;
  /** What `ec2.snapshot()` gave. */
  readonly saved?: unknown;
  readonly clock?: VirtualClock;
};

/** A world in memory and in virtual time, ready for rollouts of one cluster. */
export type TestCloud = {
  readonly cluster: Cluster;
  readonly clock: VirtualClock;
  readonly ec2: Ec2;
  readonly compute: Compute;
  readonly s3: CloudS3;
  /** The same as an operator uses it; the bucket of the cluster unless named. */
  readonly store: (bucket?: string) => ObjectStore;
  /** Adds what a spec names, and its bucket. */
  readonly know: (cluster: Cluster) => void;
  /** `CALL[@N]=CODE|lost|delay:TIME`; N counts from now on. */
  readonly fault: (rule: string) => void;
  /** From now on no fault any more. */
  readonly mend: () => void;
  /** What must never be, as sentences: see ec2-audit. */
  readonly violations: () => readonly string[];
};

export const accountId = '123456789012';

/** As EC2 is on a good day. */
export const testPace: CloudPace = {
  pendingFor: 8000,
  shuttingDownFor: 30_000,
  describeLag: 1500,
  terminatedShownFor: 3_600_000,
};

/** 25 November 2026, 9:00 UTC. */
export const testStart = Date.UTC(2026, 10, 25, 9);

/** The example’s spec, changed as a value. */
export function exampleCluster(change: (spec: any) => void = () => {}): Cluster {
  const spec = parse(fs.readFileSync(path.join(root, 'examples/from-scratch/cluster.yaml'), 'utf8'));
  change(spec);
  return resolve(specSchema.parse(spec), 'cluster.yaml');
}

export function testCloud(options: TestCloudOptions = {}): TestCloud {
  const { clock = createVirtualClock(testStart), cluster = exampleCluster(), throttled = false, watch } = options;
  const faults: FaultRule[] = (options.faults ?? []).map(ruleOf);
  const pace = { ...testPace, ...options.pace };
  const cloud = { accountId, region: cluster.aws.region, clock, pace, throttled, faults, watch };
  const ec2 = createEc2(cloud, options.saved);
  const s3 = createS3(cloud);
  const know = (known: Cluster) => {
    ec2.add(catalogueFor(known));
    s3.createBucket(known.aws.bucket, safePosture(known));
  };
  know(cluster);
  return {
    cluster,
    clock,
    ec2,
    compute: ec2.compute,
    s3,
    store: (bucket = cluster.aws.bucket) => s3.store(bucket, { kind: 'operator' }),
    know,
    fault(text) {
      const rule = ruleOf(text);
      const before = { ...ec2.callCounts(), ...s3.callCounts() }[rule.call] ?? 0;
      faults.push(rule.nth === undefined ? rule : { ...rule, nth: rule.nth + before });
    },
    mend: () => void faults.splice(0),
    violations: () => violations(ec2.audit()),
  };
}

function ruleOf(text: string): FaultRule {
  const rule = parseFaultRule(text);
  if ('problem' in rule) throw new Error(`${rule.problem}: ${rule.hint}`);
  return rule;
}

/** A bucket that nothing is to be said against. */
export function safePosture({ aws }: Cluster): Partial<BucketPosture> {
  const arn = `arn:aws:s3:::${aws.bucket}`;
  const tlsOnly = {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const lifecycle = { enabled: true, prefix: `${aws.prefix}secrets/`, days: 1, noncurrentDays: 1, abortUploadDays: 1 };
  return {
    publicAccessBlock: [true, true, true, true],
    policy: JSON.stringify({ Version: '2012-10-17', Statement: [tlsOnly] }),
    encryption: { algorithm: 'aws:kms', kmsKey: aws.kmsKey ?? undefined, bucketKey: true },
    versioning: 'Enabled',
    ownership: 'BucketOwnerEnforced',
    lifecycle: [lifecycle],
  };
}

/** A launch of a worker of the cluster, as firstboot would ask for it. */
export function launchRequest(
  { cluster }: Pick<TestCloud, 'cluster'>,
  change: Partial<LaunchRequest> = {},
  worker = 'worker-0',
): LaunchRequest {
  const found = cluster.workers.find(({ name }) => name === worker);
  if (!found) throw new Error(`there is no worker ${worker}`);
  const { launch, privateIp } = found;
  const [image] = catalogueFor(cluster).images.filter(({ arch }) => arch === found.arch);
  return {
    clientToken: `token-of-${worker}`,
    imageId: image?.imageId ?? '',
    instanceType: launch.instanceTypes[0] ?? '',
    subnetId: launch.subnet ?? '',
    network: { kind: 'address', privateIp, securityGroups: launch.securityGroups },
    instanceProfile: launch.instanceProfile,
    userData: new TextEncoder().encode('#cloud-config\n'),
    root: { device: image?.rootDevice ?? '', size: launch.volume.size, kmsKey: launch.volume.kmsKey },
    spot: launch.spot,
    terminationProtection: launch.terminationProtection,
    reservationId: null,
    tags: { Name: worker, 'firstboot:cluster': cluster.name, 'firstboot:worker': worker },
    ...change,
  };
}
