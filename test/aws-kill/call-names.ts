import type { Ask } from '../../src/local/http.ts';
import { addressOf } from '../../src/local/shell/s3-address.ts';
import { operationOf } from '../../src/local/shell/s3-operation.ts';

/** “RunInstances”, “GetParameter”, or of S3 the operation and what it is about: “PutObject workers/worker-0.json”. */
export function cloudCall(ask: Ask, body: Buffer): string {
  const target = ask.headers['x-amz-target'];
  if (target !== undefined) return target.replace(/^.*\./, '');
  if (ask.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return queryCall(body.toString());
  const address = addressOf(ask);
  const operation = address && operationOf(ask, address);
  if (!address || operation === undefined) return `${ask.method} ?`;
  const key = /<Key>([^<]*)/.exec(body.toString('latin1'))?.[1];
  const about = operation === 'DeleteObjects' ? key : address.key || address.query.get('prefix');
  return about ? `${operation} ${shortened(about)}` : operation;
}

function queryCall(form: string): string {
  const params = new URLSearchParams(form);
  return `${params.get('Action')}${params.get('DryRun') === 'true' ? ':DryRun' : ''}`;
}

/** Without the name of the cluster, and without what differs from run to run. */
function shortened(key: string): string {
  return key
    .replace(/^state\/[^/]+\//, '')
    .replace(/^secrets\/[^/]+\/(?:arn:[^/]*\/)?.*/, 'secrets/…')
    .replace(/[0-9a-f]{64}/, '…');
}

/** “PATCH nodes/worker-0”, “POST pods/web/eviction”. */
export function kubeCall({ method, url }: Ask): string {
  const path = url.replace(/\?.*/, '').replace(/^\/apis?\/(?:[a-z0-9.]+\/)?v1\//, '');
  return `${method} ${path.replace(/^namespaces\/[^/]+\//, '')}`;
}

/** Calls that change nothing. */
export function isRead(call: string): boolean {
  return (
    /^(?:Describe|Get|List|Head|GET )/.test(call) ||
    call.endsWith(':DryRun') ||
    call === 'POST selfsubjectaccessreviews'
  );
}

/** Calls that are made until something has come about, so as often as it takes. */
export function isPoll(call: string): boolean {
  return /^(?:Describe|GetConsoleOutput|GET nodes)/.test(call);
}
