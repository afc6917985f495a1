import { randomBytes } from 'node:crypto';
import { escapeXml } from './escape-xml.ts';
import type { Ask, Reply } from './http.ts';
import type { Refusal } from './sigv4.ts';

/** By these S3's support finds a request; they are in every answer. */
export function identify(): Readonly<Record<string, string>> {
  return {
    server: 'AmazonS3',
    'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
    'x-amz-id-2': randomBytes(48).toString('base64'),
  };
}

/** Amazon S3 API Reference, “REST error responses”. An answer to HEAD has no body. */
export function s3Error(ask: Ask, refusal: Refusal, more: Readonly<Record<string, string>> = {}): Reply {
  const ids = identify();
  const elements = {
    Code: refusal.code,
    Message: refusal.message,
    ...refusal.elements,
    RequestId: ids['x-amz-request-id'] ?? '',
    HostId: ids['x-amz-id-2'] ?? '',
  };
  const inner = Object.entries(elements).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner.join('')}</Error>`;
  return {
    status: refusal.status,
    headers: { ...ids, 'content-type': 'application/xml', ...more },
    body: ask.method === 'HEAD' ? '' : body,
  };
}
