import { escapeXml } from '../escape-xml.ts';

/** A value of an answer: a structure, a list (of `item` elements), text, a number or a flag; undefined is left out. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [element: string]: Xml };

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** An answer of EC2: Amazon EC2 API Reference, “Response structure”. */
export function ec2Answer(action: string, requestId: string, content: Readonly<Record<string, Xml>>): string {
  const inner = elements({ requestId, ...content });
  return `${declaration}<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${inner}</${action}Response>`;
}

/** An error of EC2: Amazon EC2 API Reference, “Error response structure”. */
export function ec2Error(requestId: string, code: string, message: string): string {
  const errors = elements({ Error: { Code: code, Message: message } });
  return `${declaration}<Response><Errors>${errors}</Errors><RequestID>${requestId}</RequestID></Response>`;
}

/** An answer of STS, which has its result in an element of its own and metadata after it. */
export function stsAnswer(action: string, requestId: string, content: Readonly<Record<string, Xml>>): string {
  const inner = elements({ [`${action}Result`]: content, ResponseMetadata: { RequestId: requestId } });
  return `${declaration}<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${inner}</${action}Response>`;
}

export function stsError(requestId: string, code: string, message: string): string {
  const inner = elements({ Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId });
  return `${declaration}<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${inner}</ErrorResponse>`;
}

function elements(content: Readonly<Record<string, Xml>>): string {
  return Object.entries(content)
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${contentOf(value)}</${name}>`))
    .join('');
}

function contentOf(value: Exclude<Xml, undefined>): string {
  if (typeof value !== 'object') return escapeXml(String(value));
  if (isList(value)) return value.map(one => `<item>${one === undefined ? '' : contentOf(one)}</item>`).join('');
  return elements(value);
}

function isList(value: object): value is readonly Xml[] {
  return Array.isArray(value);
}
