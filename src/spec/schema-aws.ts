import * as z from 'zod';
import { cidr, quoted } from './schema-parts.ts';

const ubuntu = (arch: string) =>
  `ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/${arch}/hvm/ebs-gp3/ami-id`;

const image = z
  .string()
  .regex(/^(ami-[0-9a-f]{8,17}|ssm:\/[A-Za-z0-9_./-]+)$/, { error: 'an image is ami-… or ssm:/… (an SSM parameter)' });
const arn = z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[A-Za-z0-9/_-]+$/, {
  error: 'this is not the ARN of a KMS key',
});
const id = (kind: string) =>
  z
    .string()
    .regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), { error: `this is not an ID like ${kind}-0123456789abcdef0` });

export const awsSchema = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, { error: 'this is not a region such as us-east-1' })
      .describe('AWS region of bucket and workers.'),
    endpoint: z
      .string()
      .regex(/^https?:\/\/[^\s"\\]+$/, { error: 'an endpoint is an http or https URL' })
      .nullable()
      .default(null)
      .describe('An S3-compatible endpoint for the node, where it is not AWS’s own.'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
        error: 'a bucket name is 3 to 63 lower-case letters, digits, dots and dashes',
      })
      .describe('S3 bucket for the secrets archives and the state.'),
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9!_.*'()-]+\/)*$/, { error: 'a prefix is empty or ends with a slash' })
      .default('')
      .describe('Prefix before `secrets/`, `state/` and `bin/`; ends with a slash.'),
    kmsKey: arn
      .nullable()
      .default(null)
      .describe('ARN of the KMS key for the archives; null: the bucket’s default key.'),
    delivery: z
      .enum(['content-addressed', 'instance-scoped'])
      .default('content-addressed')
      .describe(
        'How an archive reaches its worker: `content-addressed` (known at build time) or `instance-scoped` (below the instance’s own ARN).',
      ),
    image: z
      .strictObject({ amd64: image.optional(), arm64: image.optional() })
      .prefault({ amd64: ubuntu('amd64'), arm64: ubuntu('arm64') })
      .describe(
        'Machine image by architecture: `ami-…`, or `ssm:` and the name of an SSM parameter. Default: Ubuntu 24.04.',
      ),
    instanceTypes: z
      .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, { error: 'this is not an instance type such as t3.medium' }))
      .min(1, { error: 'at least one instance type is needed' })
      .optional()
      .describe(
        'Instance types in order of preference, all of one architecture. Default: t3.medium, or t4g.medium on arm64.',
      ),
    spot: z.boolean().default(false).describe('Launch spot instances.'),
    subnet: id('subnet').optional().describe('Subnet of the workers.'),
    subnetCidr: cidr
      .nullable()
      .default(null)
      .describe('Range of the subnet: when given, the workers’ addresses are checked against it.'),
    securityGroups: z.array(id('sg')).default([]).describe('Security groups of the workers.'),
    instanceProfile: z
      .string()
      .regex(/^[\w+=,.@-]{1,128}$/, { error: 'this is not the name of an instance profile' })
      .default('firstboot-worker')
      .describe('Name of the instance profile; its role reads the worker’s archive.'),
    eni: z
      .enum(['launch', 'keep'])
      .default('launch')
      .describe(
        '`launch`: the address is given to RunInstances; `keep`: a network interface of ours outlives instances.',
      ),
    volume: z
      .strictObject({
        size: z
          .int()
          .min(8, { error: 'at least 8 GiB' })
          .max(16384, { error: 'at most 16384 GiB' })
          .default(20)
          .describe('Size of the root volume in GiB (gp3, encrypted).'),
        kmsKey: arn
          .nullable()
          .default(null)
          .describe('ARN of the KMS key for the volume; null: the account’s default key.'),
      })
      .prefault({})
      .describe('Root volume.'),
    terminationProtection: z.boolean().default(false).describe('Protect instances against termination by others.'),
    tags: z
      .record(z.string().min(1).max(128), z.string({ error: quoted('a tag value') }).max(256))
      .default({})
      .describe('Tags beside firstboot’s own, on instance, volume and ENI.'),
  })
  .describe('Where secrets are staged and workers are launched.');
