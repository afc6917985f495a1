import type { Policy, Statement } from '../../src/rollout/iam/names.ts';
import { matchesWildcard } from '../../src/rollout/wildcard.ts';

/** One request as IAM sees it; `context` by condition keys, in the letters of the policies. */
export type IamRequest = {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
};

/** Explicit denial over allowance over nothing (IAM User Guide, “Policy evaluation logic”), of policies without other principals. */
export function isAllowed(allowing: readonly Policy[], denying: readonly Policy[], request: IamRequest): boolean {
  const matching = (policies: readonly Policy[], effect: Statement['Effect']) =>
    policies.flatMap(one => one.Statement).some(one => one.Effect === effect && applies(one, request));
  return !matching([...allowing, ...denying], 'Deny') && matching(allowing, 'Allow');
}

function applies(statement: Statement, { action, resource, context }: IamRequest): boolean {
  const matches = (patterns: readonly string[]) =>
    patterns.map(one => filled(one, context)).some(one => one !== undefined && matchesWildcard(one, resource));
  const onResource = statement.Resource ? matches(statement.Resource) : !matches(statement.NotResource ?? []);
  return (
    statement.Action.some(pattern => matchesWildcard(pattern.toLowerCase(), action.toLowerCase())) &&
    onResource &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, context[key], [wanted].flat().map(String), context),
      ),
    )
  );
}

/** A variable that the request does not have makes the pattern match nothing. */
function filled(pattern: string, context: IamRequest['context']): string | undefined {
  const names = [...pattern.matchAll(/\$\{([^}]+)\}/g)].map(([, name = '']) => name);
  if (names.some(name => context[name] === undefined)) return undefined;
  return names.reduce((text, name) => text.replace(`\${${name}}`, context[name] ?? ''), pattern);
}

function holds(
  operator: string,
  value: string | undefined,
  wanted: readonly string[],
  context: IamRequest['context'],
): boolean {
  if (operator === 'Null') return wanted.includes(String(value === undefined));
  const bare = operator.replace(/^ForAnyValue:/, '').replace(/IfExists$/, '');
  // “If the key is not present, evaluate the condition element as true” (IfExists); a negated operator holds, too.
  if (value === undefined) return operator.endsWith('IfExists') || bare.includes('Not');
  const like = wanted.some(one => matchesWildcard(filled(one, context) ?? '', value));
  switch (bare) {
    case 'StringEquals':
    case 'Bool':
    case 'NumericEquals':
      return wanted.includes(value);
    case 'StringLike':
    case 'ArnEquals':
      return like;
    case 'StringNotEquals':
      return !wanted.includes(value);
    case 'ArnNotEquals':
      return !like;
    default:
      throw new Error(`the evaluator does not know ${operator}`);
  }
}
