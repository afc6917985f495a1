import type { Ask, Handler, Reply } from '../../src/local/http.ts';
import type { Instance, Role } from '../../src/local/instance.ts';
import { newRole } from '../../src/local/role.ts';

export const now = Date.parse('2026-03-01T12:00:00Z');
export const region = 'eu-west-1';

export function ask(url: string, more: Partial<Ask> = {}): Ask {
  return { method: 'GET', url, headers: {}, from: '10.0.1.20', ...more };
}

export type Answered = { status: number; headers: Readonly<Record<string, string>>; body: Buffer; isCut: boolean };

/** Asks and reads the whole body; `isCut` when the connection would have broken off. */
export async function answer(handler: Handler, request: Ask): Promise<Answered> {
  const reply: Reply | undefined = await handler(request);
  if (!reply) return { status: 0, headers: {}, body: Buffer.alloc(0), isCut: true };
  const { status, headers = {}, body = '' } = reply;
  if (typeof body === 'string' || body instanceof Uint8Array)
    return { status, headers, body: Buffer.from(body), isCut: false };
  const chunks: Uint8Array[] = [];
  let isCut = false;
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch {
    isCut = true;
  }
  return { status, headers, body: Buffer.concat(chunks), isCut };
}

export function instance(more: Partial<Instance> & { readonly role?: Role } = {}): Instance {
  const instanceId = more.instanceId ?? 'i-0123456789abcdef0';
  return {
    instanceId,
    accountId: '123456789012',
    region,
    availabilityZone: `${region}a`,
    arch: 'amd64',
    instanceType: 't3.medium',
    privateIp: '10.0.1.20',
    mac: '02:00:0a:00:01:14',
    subnet: { id: 'subnet-0123456789abcdef0', cidr: '10.0.1.0/24' },
    userData: Buffer.from([0x1f, 0x8b, 0, 255]),
    ...more,
    role: { ...newRole(now), instanceId, ...more.role },
  };
}
