import type { Filter } from '@aws-sdk/client-ec2';

/** Everything on all pages of a call, one after the other. */
export async function all<T>(
  ask: (token: string | undefined) => Promise<readonly [items: readonly T[] | undefined, next: string | undefined]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const [items = [], next] = await ask(token);
    found.push(...items);
    token = next || undefined;
  } while (token !== undefined);
  return found;
}

export const clusterTag = 'firstboot:cluster';

/** What carries our tag with this cluster’s name. */
export function nameFilter(cluster: string): Filter[] {
  return [{ Name: `tag:${clusterTag}`, Values: [literal(cluster)] }];
}

/** In a filter * and ? stand for anything. */
function literal(value: string): string {
  return value.replaceAll(/[*?\\]/g, character => `\\${character}`);
}
