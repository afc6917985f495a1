/** Of the operator’s side of Kubernetes: finding the kubeconfig and what it names. What the api-server answers is the rollout’s to explain. */
export const kubeOperations = {
  KUBE_CONFIG_NOT_READ: {
    title: 'The operator’s kubeconfig cannot be read',
    explain:
      'The kubeconfig is the file of --kubeconfig, else the files that KUBECONFIG lists (those that do not exist are passed over, as kubectl does, but not all of them may be missing), else ~/.kube/config. The message names the file and what the system said.',
  },
  KUBE_CONFIG_BROKEN: {
    title: 'The operator’s kubeconfig does not say how to reach the api-server',
    explain:
      'The file is no YAML, or no kubeconfig, or its certificate, key or authority cannot be read or do not belong together. Nothing was asked of the api-server. `kubectl config view` shows what kubectl makes of it.',
  },
  KUBE_CONTEXT_MISSING: {
    title: 'The operator’s kubeconfig has no usable context',
    explain:
      'The context in `current-context` names a cluster and a user. Either none is set, or there is no context of that name, or no such cluster or user, in all the files together. `kubectl config get-contexts` lists them and `kubectl config use-context` chooses one.',
  },
  KUBE_CERTIFICATE_EXPIRED: {
    title: 'The operator’s client certificate is not valid now',
    explain:
      'The api-server would answer Unauthorized. The message has the end (or the beginning) of the certificate’s time and the time of this machine: when the second is wrong, its clock is.',
  },
  KUBE_CREDENTIALS_FAILED: {
    title: 'The program that gets the operator’s credentials failed',
    explain:
      'A kubeconfig can name a program, such as `aws eks get-token`, that prints credentials (exec), or a file that holds a token. The program was not found, ended with an error, took longer than a minute or printed something else; or the file cannot be read. The message has the last line that the program said; what it printed as credentials is never shown.',
  },
} as const;
