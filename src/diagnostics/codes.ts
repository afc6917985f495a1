import { bundleCodes } from './codes/bundle.ts';
import { kubeconfigCodes } from './codes/kubeconfig.ts';
import { kubeletCodes } from './codes/kubelet.ts';
import { pinCodes } from './codes/pin.ts';
import { pkiCodes } from './codes/pki.ts';
import { specCodes } from './codes/spec.ts';
import { unitCodes } from './codes/unit.ts';
import { userDataCodes } from './codes/user-data.ts';

export type Severity = 'error' | 'warning';

/** One kind of problem. Codes are permanent: users grep for them. */
export type CodeEntry = {
  readonly severity: Severity;
  /** A line for the list of codes. */
  readonly title: string;
  /** What is wrong and why, with the values that disagree; one sentence, no place in it. */
  readonly message: (args: never) => string;
  /** What to do about it. */
  readonly hint: string | ((args: never) => string);
  /** The long text of `firstboot explain`: what the machine would have done, and how it comes about. */
  readonly explain: string;
};

export const catalogue = {
  ...specCodes,
  ...pkiCodes,
  ...kubeconfigCodes,
  ...kubeletCodes,
  ...unitCodes,
  ...bundleCodes,
  ...pinCodes,
  ...userDataCodes,
};

export type Catalogue = typeof catalogue;
export type Code = keyof Catalogue & string;

export function isCode(text: string): text is Code {
  return Object.hasOwn(catalogue, text);
}
