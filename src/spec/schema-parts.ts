import * as z from 'zod';
import type { JsonMap } from '../tree/merge.ts';
import { parseCidr, parseIpv4 } from './address.ts';

/** The message for a scalar that YAML read as a number or boolean where text is meant. */
export function quoted(what: string): (issue: { readonly input?: unknown }) => string {
  return issue => `${what} is text, but YAML reads this as ${describeType(issue.input)}: put it in quotes`;
}

export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return `the ${typeof value} ${String(value)}`;
}

/** RFC 1123: lower-case letters, digits and dashes, 63 at most; a worker's name must be its hostname. */
export function label(what: string) {
  return z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
    error: `${what} is an RFC 1123 label: lower-case letters, digits and dashes, at most 63, no dash at either end`,
  });
}

export const address = z
  .string()
  .refine(text => parseIpv4(text) !== undefined, { error: 'this is not an IPv4 address' });

export const cidr = z.string().refine(text => parseCidr(text) !== undefined, {
  error: 'this is not an IPv4 range such as 10.32.0.0/24 (the address must be the first of the range)',
});

/** A file of a folder, by a pattern; no way out of the folder. */
export const fileName = z.string().refine(text => isInside(text), {
  error: 'this leaves the folder: a file name here has no `..` and does not begin with a slash',
  params: { code: 'SPEC_PATH_ESCAPES' },
});

export const fileOrFolder = z.string().regex(/^[^\0\r\n]+$/, { error: 'this is not a file name' });

function isInside(text: string): boolean {
  return (
    text !== '' &&
    !text.startsWith('/') &&
    !/[\0\r\n\\]/.test(text) &&
    !text.split('/').some(part => part === '..' || part === '')
  );
}

export const httpsUrl = z.string().refine(isHttpsOrigin, {
  error: 'this is not the URL of an api-server: https, a host, an optional port and nothing behind it',
});

function isHttpsOrigin(text: string): boolean {
  return /^https:\/\/[^\s/?#@"\\]+\/?$/.test(text) && URL.canParse(text);
}

export const jsonMap = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonMap>;

export const taint = z.strictObject({
  key: z.string().min(1).describe('Key of the taint.'),
  value: z
    .string({ error: quoted('a taint value') })
    .optional()
    .describe('Value of the taint.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .describe('`NoSchedule`, `PreferNoSchedule` or `NoExecute`.'),
});
