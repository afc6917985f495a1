import type { LifecycleRule } from '../../ports/object-store.ts';
import { refusal } from '../cloud/s3-errors.ts';
import type { S3Request } from './s3-request.ts';
import { childOf, childrenOf, s3Xml, textOf, type XmlElement } from './s3-xml.ts';

export function lifecycleXml(rules: readonly LifecycleRule[]): string {
  const rows = rules.map(({ enabled, prefix, days, noncurrentDays, abortUploadDays }, n) => ({
    ID: `rule-${n + 1}`,
    Filter: { Prefix: prefix },
    Status: enabled ? 'Enabled' : 'Disabled',
    Expiration: days === undefined ? undefined : { Days: days },
    NoncurrentVersionExpiration: noncurrentDays === undefined ? undefined : { NoncurrentDays: noncurrentDays },
    AbortIncompleteMultipartUpload:
      abortUploadDays === undefined ? undefined : { DaysAfterInitiation: abortUploadDays },
  }));
  return s3Xml('LifecycleConfiguration', { Rule: rows });
}

const understood = [
  'ID',
  'Filter',
  'Prefix',
  'Status',
  'Expiration',
  'NoncurrentVersionExpiration',
  'AbortIncompleteMultipartUpload',
];

/** Rules by prefix and days; others are refused. */
export function readLifecycle(document: XmlElement, request: S3Request): readonly LifecycleRule[] {
  return childrenOf(document, 'Rule').map(rule => {
    const filter = childOf(rule, 'Filter');
    const unknown = [...rule.children, ...(filter?.children ?? [])].find(({ name }) => !understood.includes(name));
    if (unknown)
      throw refusal(request, 'NotImplemented', `The embedded cloud has no lifecycle rules with ${unknown.name}`);
    const status = textOf(rule, 'Status');
    if (status !== 'Enabled' && status !== 'Disabled') throw refusal(request, 'MalformedXML');
    return {
      enabled: status === 'Enabled',
      prefix: textOf(filter, 'Prefix') ?? textOf(rule, 'Prefix') ?? '',
      days: daysOf(request, rule, 'Expiration', 'Days'),
      noncurrentDays: daysOf(request, rule, 'NoncurrentVersionExpiration', 'NoncurrentDays'),
      abortUploadDays: daysOf(request, rule, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation'),
    };
  });
}

function daysOf(request: S3Request, rule: XmlElement, action: string, element: string): number | undefined {
  const found = childOf(rule, action);
  if (!found) return undefined;
  const other = found.children.find(({ name }) => name !== element);
  if (other) throw refusal(request, 'NotImplemented', `The embedded cloud has no lifecycle rules with ${other.name}`);
  const text = textOf(found, element) ?? '';
  if (!/^[1-9]\d{0,5}$/.test(text)) throw refusal(request, 'MalformedXML');
  return Number(text);
}
