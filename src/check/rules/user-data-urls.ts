import { finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { hasPassword } from '../../tree/shown.ts';
import type { ClusterRule } from '../context.ts';

/** URLs of the spec end up in files and the manifest of user-data, so a password in one is public. */
export const userDataUrls: ClusterRule = ({ cluster }) => {
  const { node, registries, aws } = cluster;
  const urls: readonly (readonly [string, Path])[] = [
    ...(node.proxy ? [[node.proxy.https, ['node', 'proxy', 'https']] as const] : []),
    ...Object.entries(registries).flatMap(([host, { mirrors }]) =>
      mirrors.map((url, index) => [url, ['registries', host, 'mirrors', index]] as const),
    ),
    ...(aws.endpoint === null ? [] : [[aws.endpoint, ['aws', 'endpoint']] as const]),
  ];
  return urls
    .filter(([url]) => hasPassword(url))
    .map(([, path]) =>
      finding(
        'USER_DATA_CREDENTIAL',
        { file: cluster.file, path },
        { where: path.join('.'), kind: 'a URL with a password' },
      ),
    );
};
