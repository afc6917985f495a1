import { finding } from '../../diagnostics/diagnostic.ts';
import type { ClusterRule } from '../context.ts';

/** The user's tags leave alone those of AWS and ours. */
export const specTags: ClusterRule = ({ cluster }) =>
  Object.keys(cluster.aws.tags).flatMap(tag => {
    const owner = ownerOf(tag);
    const origin = { file: cluster.file, path: ['aws', 'tags', tag], atKey: true };
    return owner ? [finding('SPEC_TAG_RESERVED', origin, { tag, owner })] : [];
  });

function ownerOf(tag: string): string | undefined {
  // AWS refuses its prefix in any mixture of case.
  if (/^aws:/i.test(tag)) return 'reserved by AWS';
  if (tag.startsWith('firstboot:')) return 'one of firstboot’s own';
  return tag === 'Name' ? 'the worker’s name, which firstboot sets' : undefined;
}
