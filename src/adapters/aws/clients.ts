import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { rootCertificates } from 'node:tls';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { OperationError } from '../../diagnostics/operation-error.ts';
import { EC2Client, S3Client, SSMClient, STSClient } from './sdk.ts';

export type Clients = {
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
  /** True where the bucket is known to be at AWS or at something that stands for all of AWS, so that it has an account. */
  readonly bucketHasAccount: boolean;
  readonly close: () => void;
};

type Agents = { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent };
const connections = { keepAlive: true, maxSockets: 50 };

export type ClientOptions = {
  readonly region: string;
  readonly bucket: string;
  /** Of the spec: where the bucket is when it is not S3’s own. The SDK’s environment and profile come first. */
  readonly endpoint: string | null;
};

/**
 * The SDK’s clients. Credentials, profile, SSO, endpoints (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, endpoint_url of the profile),
 * AWS_MAX_ATTEMPTS and AWS_RETRY_MODE are the SDK’s own affair. The region is always the spec’s. Proxies and AWS_CA_BUNDLE,
 * which it leaves to its callers, are in `agents`.
 */
export async function openClients({ region, bucket, endpoint }: ClientOptions): Promise<Clients> {
  silenceVersionWarning();
  const configured = await configuredEndpoint(region);
  const own = configured.s3 ?? endpoint ?? undefined;
  const pathStyle = bucket.includes('.') || (own !== undefined && !isAws(own));
  return {
    ...clientsOf(
      { region, ...handler(agents()) },
      { forcePathStyle: pathStyle, ...(own !== undefined && { endpoint: own }) },
    ),
    bucketHasAccount: own === undefined || isAws(own) || own === configured.all,
  };
}

/** Where something stands for all of AWS, with credentials of its own: nothing of the environment counts there. */
export type Stand = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

export function openClientsAt({ endpoint, region, accessKeyId, secretAccessKey }: Stand): Clients {
  silenceVersionWarning();
  const direct = { httpAgent: new http.Agent(connections), httpsAgent: new https.Agent(connections) };
  const common = {
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    ...handler(direct),
  };
  return { ...clientsOf(common, { forcePathStyle: true }), bucketHasAccount: true };
}

/**
 * The SDK is part of firstboot’s own bundle: that its versions of next year need another Node is nothing that a user could act
 * upon, and every command would say so on stderr.
 */
function silenceVersionWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}

/** One set of connections for all of them. An answer that does not go on for a minute is none. */
function handler(agents: Agents) {
  return { requestHandler: { ...agents, connectionTimeout: 5_000, socketTimeout: 60_000 } };
}

type Common = ReturnType<typeof handler> & { readonly region: string } & Pick<
    STSClientConfig,
    'endpoint' | 'credentials' | 'useFipsEndpoint' | 'useDualstackEndpoint'
  >;

function clientsOf(common: Common, ofS3: S3ClientConfig): Omit<Clients, 'bucketHasAccount'> {
  const clients = {
    ec2: new EC2Client(common),
    s3: new S3Client({ ...common, ...ofS3 }),
    ssm: new SSMClient(common),
    sts: new STSClient(common),
  };
  return {
    ...clients,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** What environment and profile say of S3’s endpoint, and of all services’. */
async function configuredEndpoint(region: string): Promise<{ readonly s3?: string; readonly all?: string }> {
  const [s3, all] = await Promise.all(
    [new S3Client({ region }), new STSClient({ region })].map(async client => {
      const { serviceConfiguredEndpoint: ask } = client.config as {
        readonly serviceConfiguredEndpoint?: () => Promise<string | undefined>;
      };
      return ask?.();
    }),
  );
  return { ...(s3 !== undefined && { s3 }), ...(all !== undefined && { all }) };
}

/** AWS’s own hosts, interface endpoints of a VPC among them. */
function isAws(endpoint: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

/**
 * Node itself obeys HTTPS_PROXY, HTTP_PROXY and NO_PROXY where an agent says so (from 22.21 and 24.5 on; before that, the
 * option is ignored). NODE_EXTRA_CA_CERTS works as it does for every program of Node.
 */
function agents(): Agents {
  const common = { ...connections, proxyEnv: process.env };
  const ca = extraCa(process.env.AWS_CA_BUNDLE);
  return { httpAgent: new http.Agent(common), httpsAgent: new https.Agent({ ...common, ...(ca && { ca }) }) };
}

function extraCa(file: string | undefined): string[] | undefined {
  if (!file) return undefined;
  try {
    return [...rootCertificates, readFileSync(file, 'utf8')];
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new OperationError(
      'AWS_CA_NOT_READ',
      `The file of AWS_CA_BUNDLE, ${file}, cannot be read (${code}).`,
      'let AWS_CA_BUNDLE name a PEM file, or unset it.',
      error,
    );
  }
}
