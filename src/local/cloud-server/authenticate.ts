import { sha256 } from '../../tree/digest.ts';
import type { Ask, Reply } from '../http.ts';
import { ec2Refusal } from '../shell/ec2-shell.ts';
import { ssmRefusal } from '../shell/ssm-shell.ts';
import { stsRefusal } from '../shell/sts-shell.ts';
import { type Credentials, checkSignature, type SignatureProblem } from '../sigv4-check.ts';

/** Keys of the operator, or of the role of an instance. */
export type Keys = Credentials & { readonly instanceId?: string | undefined };

/** The services whose requests are signed with the digest of their body. */
export type QueryService = 'ec2' | 'ssm' | 'sts';

/** Who signed a request, or the service’s own refusal. */
export function authenticate(
  ask: Ask,
  body: Uint8Array,
  service: QueryService,
  expected: { readonly credentials: readonly Keys[]; readonly region: string; readonly now: number },
): Pick<Keys, 'instanceId'> | { readonly refusal: Reply } {
  const result = checkSignature(ask, { ...expected, service }, sha256(body));
  if (result.kind !== 'signed') return { refusal: refusals[service](result) };
  const { instanceId } = result.credentials;
  if (instanceId !== undefined && service !== 'sts') return { refusal: denied[service]() };
  return { instanceId };
}

/** The node role may do nothing in EC2 and SSM (`firstboot iam`). */
const denied = {
  ec2: () => ec2Refusal(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'),
  ssm: () =>
    ssmRefusal(400, 'AccessDeniedException', 'The role of the instance is not authorized to perform this operation'),
};

const refusals: Readonly<Record<QueryService, (problem: SignatureProblem) => Reply>> = {
  ec2: refuseEc2,
  ssm: refuseSsm,
  sts: refuseSts,
};

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Amazon EC2 API Reference, “Error codes”. */
function refuseEc2(problem: SignatureProblem): Reply {
  switch (problem.kind) {
    case 'skew':
    case 'expired-token':
      return ec2Refusal(400, 'RequestExpired', 'Request has expired.');
    case 'mismatch':
      return ec2Refusal(403, 'SignatureDoesNotMatch', mismatch);
    case 'scope':
      return ec2Refusal(401, 'AuthFailure', `Credential should be scoped to a valid ${problem.part}.`);
    default:
      return ec2Refusal(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials');
  }
}

/** AWS Systems Manager API Reference, “Common Error Types”. */
function refuseSsm(problem: SignatureProblem): Reply {
  switch (problem.kind) {
    case 'unsigned':
      return ssmRefusal(400, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    case 'skew':
      return ssmRefusal(400, 'InvalidSignatureException', `Signature expired: ${problem.time} is too far from now`);
    case 'expired-token':
      return ssmRefusal(400, 'ExpiredTokenException', 'The security token included in the request is expired');
    case 'mismatch':
      return ssmRefusal(400, 'InvalidSignatureException', mismatch);
    case 'scope':
      return ssmRefusal(400, 'InvalidSignatureException', `Credential should be scoped to a valid ${problem.part}.`);
    default:
      return ssmRefusal(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
}

/** AWS Security Token Service API Reference, “Common Error Types”. */
function refuseSts(problem: SignatureProblem): Reply {
  switch (problem.kind) {
    case 'unsigned':
      return stsRefusal(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
    case 'skew':
      return stsRefusal(403, 'SignatureDoesNotMatch', `Signature expired: ${problem.time} is too far from now`);
    case 'expired-token':
      return stsRefusal(403, 'ExpiredToken', 'The security token included in the request is expired');
    case 'mismatch':
      return stsRefusal(403, 'SignatureDoesNotMatch', mismatch);
    case 'scope':
      return stsRefusal(403, 'SignatureDoesNotMatch', `Credential should be scoped to a valid ${problem.part}.`);
    default:
      return stsRefusal(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  }
}
