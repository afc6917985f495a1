import { type Finding, finding } from '../diagnostics/diagnostic.ts';
import type { Path } from '../diagnostics/origin.ts';
import { didYouMean } from '../tree/did-you-mean.ts';
import { printable } from './name.ts';

type Shape = 'text' | 'flag' | 'anything' | { readonly listOf: Shape } | { readonly [field: string]: Shape };

const extensions = 'anything';

/** The fields of kubeconfig v1, from k8s.io/client-go/tools/clientcmd/api/v1/types.go of 1.36. */
const kubeconfigShape = {
  kind: 'text',
  apiVersion: 'text',
  preferences: 'anything',
  clusters: {
    listOf: {
      name: 'text',
      cluster: {
        server: 'text',
        'tls-server-name': 'text',
        'insecure-skip-tls-verify': 'flag',
        'certificate-authority': 'text',
        'certificate-authority-data': 'text',
        'proxy-url': 'text',
        'disable-compression': 'flag',
        extensions,
      },
    },
  },
  users: {
    listOf: {
      name: 'text',
      user: {
        'client-certificate': 'text',
        'client-certificate-data': 'text',
        'client-key': 'text',
        'client-key-data': 'text',
        token: 'text',
        tokenFile: 'text',
        as: 'text',
        'as-uid': 'text',
        'as-groups': { listOf: 'text' },
        'as-user-extra': 'anything',
        username: 'text',
        password: 'text',
        'auth-provider': 'anything',
        exec: 'anything',
        extensions,
      },
    },
  },
  contexts: { listOf: { name: 'text', context: { cluster: 'text', user: 'text', namespace: 'text', extensions } } },
  'current-context': 'text',
  extensions,
} as const satisfies Shape;

/**
 * Wrong types, which client-go refuses wherever they stand, and unknown fields, which it ignores. Null counts as
 * absent.
 */
export function shapeFindings(file: string, root: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  walk(file, root, kubeconfigShape, [], findings);
  return findings;
}

function walk(file: string, value: unknown, shape: Shape, path: Path, findings: Finding[]): void {
  if (shape === 'anything' || value === null || value === undefined) return;
  const expected =
    shape === 'text' ? 'text' : shape === 'flag' ? 'true or false' : 'listOf' in shape ? 'a list' : 'a map';
  if (typeOf(value) !== expected) {
    const found = describe(value, path);
    findings.push(
      finding(
        'KUBECONFIG_TYPE',
        { file, path },
        { field: path.map(part => printable(String(part))).join('.'), expected, found },
      ),
    );
  } else if (Array.isArray(value)) {
    const below = (shape as { readonly listOf: Shape }).listOf;
    for (const [index, item] of value.entries()) walk(file, item, below, [...path, index], findings);
  } else if (typeof shape === 'object') {
    walkMap(file, value as Record<string, unknown>, shape as { readonly [field: string]: Shape }, path, findings);
  }
}

function walkMap(
  file: string,
  map: Record<string, unknown>,
  shape: { readonly [field: string]: Shape },
  path: Path,
  findings: Finding[],
): void {
  for (const [key, value] of Object.entries(map)) {
    const below = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (below !== undefined) {
      walk(file, value, below, [...path, key], findings);
      continue;
    }
    const known = Object.keys(shape);
    const field = [...path, key].map(part => printable(String(part))).join('.');
    const meant = didYouMean(key, known);
    findings.push(
      finding('KUBECONFIG_UNKNOWN_FIELD', { file, path: [...path, key], atKey: true }, { field, known, meant }),
    );
  }
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'object' ? 'a map' : 'a number';
}

/** Never the value of a credential: a password of digits alone is a number too. */
function describe(value: unknown, path: Path): string {
  if (typeof value !== 'number' && typeof value !== 'boolean') return typeOf(value);
  const secret = /token|password|data|username/i.test(String(path.at(-1)));
  return secret ? typeOf(value) : `the ${typeof value} ${value}`;
}
