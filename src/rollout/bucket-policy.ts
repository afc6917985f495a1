import { isJsonMap, type Json, type JsonMap } from '../tree/merge.ts';
import { matchesWildcard } from './wildcard.ts';

/** Statements of a bucket policy; undefined: it is no JSON that S3 would take. */
export function parsePolicy(text: string): readonly JsonMap[] | undefined {
  try {
    const { Statement: statements } = JSON.parse(text) as { readonly Statement?: Json };
    const list = listOf(statements);
    return list.length > 0 && list.every(isJsonMap) ? (list as readonly JsonMap[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Calls on the bucket and on its objects that no statement denies when they come without TLS, as “s3:GetObject on objects”. */
export function allowedWithoutTls(statements: readonly JsonMap[], bucketArn: string): readonly string[] {
  const probes: readonly (readonly [action: string, resource: string, on: string])[] = [
    ['s3:ListBucket', bucketArn, 'the bucket'],
    ['s3:GetObject', `${bucketArn}/any/object`, 'objects'],
    ['s3:GetObjectVersion', `${bucketArn}/any/object`, 'objects'],
    ['s3:PutObject', `${bucketArn}/any/object`, 'objects'],
  ];
  const denials = statements.filter(one => one.Effect === 'Deny' && isEverybody(one.Principal) && isWithoutTls(one));
  return probes
    .filter(([action, resource]) => !denials.some(one => covers(one, action, resource)))
    .map(([action, , on]) => `${action} on ${on}`);
}

/** Statement IDs (or numbers) of statements that allow everybody, with no condition that says who or from where. */
export function publicStatements(statements: readonly JsonMap[]): readonly string[] {
  return statements.flatMap((one, index) => {
    const everybody = isEverybody(one.Principal) || one.NotPrincipal !== undefined;
    const open = one.Effect === 'Allow' && everybody && !isNarrowed(one);
    return open ? [typeof one.Sid === 'string' && one.Sid !== '' ? one.Sid : `statement ${index + 1}`] : [];
  });
}

function isEverybody(principal: Json | undefined): boolean {
  const named = isJsonMap(principal) ? listOf(principal.AWS) : listOf(principal);
  return named.includes('*');
}

/** Its one condition is that TLS is not used: with another beside it, it denies less. */
function isWithoutTls({ Condition: condition }: JsonMap): boolean {
  if (!isJsonMap(condition)) return false;
  const [operator, ...others] = Object.entries(condition);
  if (!operator || others.length > 0 || !isJsonMap(operator[1])) return false;
  const [key, ...more] = Object.entries(operator[1]);
  return (
    /^Bool(IfExists)?$/i.test(operator[0]) &&
    more.length === 0 &&
    key?.[0].toLowerCase() === 'aws:securetransport' &&
    listOf(key[1]).every(value => String(value).toLowerCase() === 'false')
  );
}

/** Keys that S3 itself takes for a restriction when it judges whether a policy is public. */
const narrowing =
  /^(aws:(principal\w+|source(arn|account|ip|owner|vpc|vpce|vpcarn|org\w+)|vpcsourceip|userid|username)|s3:dataaccesspoint\w+)$/i;

function isNarrowed({ Condition: condition }: JsonMap): boolean {
  if (!isJsonMap(condition)) return false;
  return Object.entries(condition).some(
    ([operator, keys]) =>
      !/^null$|not/i.test(operator) &&
      isJsonMap(keys) &&
      Object.entries(keys).some(([key, values]) => narrowing.test(key) && !listOf(values).some(isAnything)),
  );
}

function isAnything(value: Json): boolean {
  return ['*', '0.0.0.0/0', '::/0'].includes(String(value));
}

function covers(statement: JsonMap, action: string, resource: string): boolean {
  return (
    listOf(statement.Action).some(one => matchesWildcard(String(one).toLowerCase(), action.toLowerCase())) &&
    listOf(statement.Resource).some(one => matchesWildcard(String(one), resource))
  );
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value as Json];
}
