import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Ask } from '../../src/local/http.ts';
import type { Role } from '../../src/local/instance.ts';
import { now, region } from './handlers.ts';

export type Signing = {
  readonly role: Role;
  readonly method?: string;
  /** Path as it is sent. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly service?: string;
  readonly time?: number;
  readonly withToken?: boolean;
  readonly body?: string;
};

/** A request as AWS's own SDK for JavaScript signs it for S3. */
export async function signed(signing: Signing): Promise<Ask> {
  const { role, method = 'GET', path, query = {}, headers = {}, withToken = true } = signing;
  const signer = new SignatureV4({
    service: signing.service ?? 's3',
    region: signing.region ?? region,
    sha256: Sha256,
    // S3's rule; applyChecksum adds x-amz-content-sha256.
    uriEscapePath: false,
    applyChecksum: true,
    credentials: {
      accessKeyId: role.accessKeyId,
      secretAccessKey: role.secretAccessKey,
      ...(withToken ? { sessionToken: role.token } : {}),
    },
  });
  const request = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      query: { ...query },
      headers: { host: '127.0.0.1:8080', ...headers },
      ...(signing.body === undefined ? {} : { body: signing.body }),
    },
    { signingDate: new Date(signing.time ?? now) },
  );
  const search = Object.entries(query).map(pair => pair.map(encodeURIComponent).join('='));
  return {
    method,
    url: search.length > 0 ? `${path}?${search.join('&')}` : path,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
    from: '127.0.0.1',
  };
}
