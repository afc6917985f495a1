import { type Params, refuse } from './ec2-params.ts';
import type { Xml } from './ec2-xml.ts';

/** What a filter looks at: filter name -> the values that a thing has. `tag:KEY` and `tag-key` go by its tags. */
export type Filterable<Thing> = {
  readonly of: Readonly<Record<string, (thing: Thing) => readonly (string | undefined)[]>>;
  /** Undefined: its tags cannot be filtered by. */
  readonly tags: ((thing: Thing) => Readonly<Record<string, string>>) | undefined;
};

/** Things that match each filter by one of its values; `*` and `?` are wildcards (Amazon EC2 User Guide, “Filter your resources”). */
export function filtered<Thing>(params: Params, things: readonly Thing[], known: Filterable<Thing>): readonly Thing[] {
  const filters = params.members('Filter').map(filter => ({
    name: filter.required('Name'),
    values: filter.list('Value').map(patternOf),
  }));
  const look = filters.map(({ name, values }) => ({ valuesOf: getterOf(name, known, params.action), values }));
  return things.filter(thing =>
    look.every(({ valuesOf, values }) =>
      valuesOf(thing).some(value => value !== undefined && values.some(pattern => pattern.test(value))),
    ),
  );
}

function getterOf<Thing>(
  name: string,
  { of, tags }: Filterable<Thing>,
  action: string,
): (thing: Thing) => readonly (string | undefined)[] {
  if (tags && name.startsWith('tag:')) return thing => [tags(thing)[name.slice('tag:'.length)]];
  if (tags && name === 'tag-key') return thing => Object.keys(tags(thing));
  const getter = Object.hasOwn(of, name) ? of[name] : undefined;
  if (getter) return getter;
  throw refuse(action, 'InvalidParameterValue', `The filter '${name}' is invalid`);
}

/** A backslash takes the meaning from what follows it. */
function patternOf(value: string): RegExp {
  const source = value.replace(/\\?./gs, part => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.slice(-1).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** One page of a list, and the token of the next (Amazon EC2 API Reference, “Pagination”). `least`: of MaxResults. */
export function page<Thing>(
  params: Params,
  things: readonly Thing[],
  least = 5,
): { readonly shown: readonly Thing[]; readonly nextToken: Xml } {
  const size = params.integer('MaxResults');
  const token = params.text('NextToken');
  if (size !== undefined && (size < least || size > 1000))
    throw refuse(
      params.action,
      'InvalidParameterValue',
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between ${least} and 1000.`,
    );
  const start = token === undefined ? 0 : startOf(token, params.action);
  const end = size === undefined ? things.length : start + size;
  return { shown: things.slice(start, end), nextToken: end < things.length ? tokenOf(end) : undefined };
}

function tokenOf(start: number): string {
  return Buffer.from(JSON.stringify({ start })).toString('base64url');
}

function startOf(token: string, action: string): number {
  try {
    const { start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { start: unknown };
    if (Number.isSafeInteger(start) && Number(start) >= 0) return Number(start);
  } catch {
    // Said below.
  }
  throw refuse(action, 'InvalidNextToken', 'The token is not valid.');
}
