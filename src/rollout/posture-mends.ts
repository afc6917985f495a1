import type { Cluster } from '../spec/resolve.ts';

/** What can be mended, by the name that `firstboot iam NAME` has for its document, where it has one. */
export type Mend = 'owner' | 'bucket-policy' | 'public-access-block' | 'encryption' | 'ownership' | 'lifecycle';

/** Shell lines of at most 76 columns, for a bucket name of usual length. */
export function mendBy(mend: Mend, { bucket }: Pick<Cluster['aws'], 'bucket'>): string {
  const documented = (call: string, option: string) =>
    `firstboot iam ${mend} > ${mend}.json\naws s3api ${call} --bucket ${bucket} \\\n  --${option} file://${mend}.json`;
  switch (mend) {
    case 'owner':
      return `aws sts get-caller-identity\naws s3api head-bucket --bucket ${bucket}`;
    case 'bucket-policy':
      return documented('put-bucket-policy', 'policy');
    case 'public-access-block':
      return documented('put-public-access-block', 'public-access-block-configuration');
    case 'encryption':
      return documented('put-bucket-encryption', 'server-side-encryption-configuration');
    case 'ownership':
      return documented('put-bucket-ownership-controls', 'ownership-controls');
    case 'lifecycle':
      return documented('put-bucket-lifecycle-configuration', 'lifecycle-configuration');
  }
}
