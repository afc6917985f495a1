import * as z from 'zod';
import { awsSchema } from './schema-aws.ts';
import { address, cidr, fileName, fileOrFolder, httpsUrl, jsonMap, label, quoted, taint } from './schema-parts.ts';

const cluster = z
  .strictObject({
    name: label('a cluster name').describe('Name of the cluster, an RFC 1123 label; part of EC2 tags and S3 keys.'),
    server: httpsUrl.describe('URL of the api-server as the workers reach it, for example `https://10.0.1.10:6443`.'),
    domain: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, {
        error: 'a DNS domain is lower-case letters, digits, dots and dashes',
      })
      .default('cluster.local')
      .describe('DNS domain of the cluster (`clusterDomain`).'),
    dns: z
      .array(address)
      .min(1, { error: 'at least one address is needed' })
      .optional()
      .describe(
        'Addresses of the cluster DNS service (`clusterDNS`). Default: the tenth address of `serviceCidr`, as kubeadm chooses.',
      ),
    serviceCidr: cidr.describe('Range of service addresses, as the api-server has it (`--service-cluster-ip-range`).'),
  })
  .describe('What the workers must know of the cluster that they join.');

const pki = z
  .strictObject({
    dir: fileOrFolder.default('pki').describe('Folder of certificates and keys, relative to cluster.yaml.'),
    ca: fileName.default('ca.pem').describe('The CA that signed the workers’ certificates and the api-server’s.'),
    certificate: fileName.default('{worker}.pem').describe('A worker’s certificate; `{worker}` is its name.'),
    key: fileName.default('{worker}-key.pem').describe('A worker’s private key: RSA or EC, as PKCS#1, SEC1 or PKCS#8.'),
    kubeconfig: fileName
      .default('{worker}.kubeconfig')
      .describe('A worker’s kubeconfig. May be absent: then it is made from this spec. It is checked, never copied.'),
    readSecret: z
      .array(z.string().min(1))
      .min(1, { error: 'a command has at least one word' })
      .nullable()
      .default(null)
      .describe(
        'Command (a list of words, `{file}` replaced) whose stdout is a private key or kubeconfig, for example `[sops, --decrypt, "{file}"]`.',
      ),
  })
  .prefault({})
  .describe('Where the certificates are, as the tutorial leaves them.');

const labels = z
  .record(z.string(), z.string({ error: quoted('a label value') }))
  .describe('Labels that the node gives itself when it registers.');
const taints = z.array(taint).describe('Taints that the node registers with, each `{key, value, effect}`.');
const overrides = jsonMap.describe('KubeletConfiguration fields, merged over firstboot’s: maps merge, lists replace.');

const worker = z
  .strictObject({
    privateIp: address.describe('The worker’s private IPv4 address in its subnet; its certificate names it.'),
    arch: z.enum(['amd64', 'arm64']).default('amd64').describe('Processor architecture: `amd64` or `arm64`.'),
    subnet: awsSchema.shape.subnet.describe('Subnet, where it differs from `aws.subnet`.'),
    instanceTypes: awsSchema.shape.instanceTypes.describe(
      'Instance types, where they differ from `aws.instanceTypes`.',
    ),
    labels: labels.prefault({}),
    taints: taints.optional(),
    kubelet: z
      .strictObject({ config: overrides.prefault({}) })
      .prefault({})
      .describe('Overrides for this worker alone.'),
  })
  .describe('What differs from the cluster. Worker over cluster over default: maps merge, lists replace.');

/** cluster.yaml, version 1: types, documentation and the editors' JSON schema all come from here. */
export const specSchema = z.strictObject({
  version: z.literal(1, { error: 'this firstboot reads version 1' }).describe('Version of this format: 1.'),
  cluster,
  versions: z
    .record(
      z.string(),
      z
        .string({ error: quoted('a version') })
        .regex(/^[0-9][0-9A-Za-z.+-]*$/, { error: 'a version is written without a leading v, for example 1.36.1' }),
    )
    .refine(versions => versions.kubernetes !== undefined, {
      error: 'versions.kubernetes is needed: it is the version of kubelet and kube-proxy',
      params: { code: 'SPEC_MISSING_FIELD' },
    })
    .describe(
      'Version of each binary: `kubernetes` (kubelet and kube-proxy), `containerd`, `runc`, `cni-plugins`, `crictl`, and those of your own components.',
    ),
  pki,
  components: z
    .array(label('a component name'))
    .min(1, { error: 'a worker without components does nothing' })
    .default(['containerd', 'kubelet'])
    .describe(
      'What a worker is made of: folders of `bundles/` beside cluster.yaml, or firstboot’s own (containerd, kubelet, kube-proxy).',
    ),
  kubelet: z
    .strictObject({ config: overrides.prefault({}), labels: labels.prefault({}), taints: taints.default([]) })
    .prefault({})
    .describe('Overrides for every worker’s kubelet.'),
  registries: z
    .record(
      z.string().regex(/^([a-zA-Z0-9.-]+(:\d+)?|_default)$/, {
        error:
          'a registry is a host with an optional port, for example docker.io or registry.example.com:5000, or _default',
      }),
      z.strictObject({
        mirrors: z
          .array(z.string().regex(/^https?:\/\/[^\s"\\]+$/, { error: 'a mirror is an http or https URL' }))
          .default([])
          .describe('URLs to pull from first, in order.'),
        ca: fileOrFolder
          .nullable()
          .default(null)
          .describe('File with the CA that signed the certificates of this registry and its mirrors.'),
      }),
    )
    .default({})
    .describe('Container registries by host, written as containerd’s `hosts.toml`.'),
  node: z
    .strictObject({
      proxy: z
        .strictObject({
          https: z
            .string()
            .regex(/^https?:\/\/[^\s"\\]+$/, { error: 'a proxy is an http or https URL' })
            .describe('Proxy for https and http requests of the node.'),
          noProxy: z
            .array(z.string().regex(/^[^\s",\\]+$/, { error: 'one host, domain or CIDR an entry' }))
            .default([])
            .describe('Hosts, domains and CIDRs to reach directly.'),
        })
        .nullable()
        .default(null)
        .describe(
          'Proxy for containerd, the kubelet and the downloads of the first boot. Instance metadata is always direct.',
        ),
      ca: z.array(fileOrFolder).default([]).describe('Extra CA certificates (files) that the node itself trusts.'),
    })
    .prefault({})
    .describe('The node’s way out.'),
  cloudInit: jsonMap.default({}).describe('Your own cloud-config, merged into firstboot’s.'),
  aws: awsSchema,
  workers: z
    .record(label('a worker name'), worker)
    .refine(workers => Object.keys(workers).length > 0, { error: 'a cluster needs at least one worker' })
    .describe('The workers by name; the name is hostname, node name and certificate subject.'),
});

export type Spec = z.output<typeof specSchema>;
