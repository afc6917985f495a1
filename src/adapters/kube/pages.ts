import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { CallError } from '../../diagnostics/call-error.ts';
import { ask } from './attempt.ts';

type Page = { readonly limit: number; readonly _continue?: string };
type List<T extends KubernetesObject> = Pick<KubernetesListObject<T>, 'items' | 'metadata'>;

/** 200,000 objects, more than a cluster can have (150,000 pods): a server that never ends. */
const mostPages = 400;

/** All pages of a list. One whose snapshot the api-server has dropped meanwhile (410) is begun anew, once. */
export async function allPages<T extends KubernetesObject>(
  call: string,
  limit: number,
  list: (page: Page) => Promise<List<T>>,
): Promise<readonly T[]> {
  try {
    return await pages(call, limit, list);
  } catch (error) {
    if (!(error instanceof CallError) || error.status !== 410) throw error;
    return pages(call, limit, list);
  }
}

async function pages<T extends KubernetesObject>(
  call: string,
  limit: number,
  list: (page: Page) => Promise<List<T>>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const part = await ask(call, () => list({ limit, ...(token === undefined ? {} : { _continue: token }) }));
    items.push(...part.items);
    token = part.metadata?._continue || undefined;
    if (token === undefined) return items;
  }
  throw new CallError('Kubernetes', call, 'InternalError', `more than ${mostPages} pages`, undefined);
}
