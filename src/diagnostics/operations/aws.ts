export const awsOperations = {
  AWS_CREDENTIALS_MISSING: {
    title: 'There are no AWS credentials',
    explain:
      'Credentials are looked for as every AWS tool does: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile of AWS_PROFILE in ~/.aws/config and ~/.aws/credentials (SSO, roles, credential_process), a web identity token as in CI, and the role of the machine. The message says what the last of them said. Nothing was asked of AWS.',
  },
  AWS_CA_NOT_READ: {
    title: 'The file of AWS_CA_BUNDLE cannot be read',
    explain:
      'AWS_CA_BUNDLE names a PEM file of certificate authorities that are trusted beside Node’s own, for a proxy that looks into TLS or an endpoint of one’s own. NODE_EXTRA_CA_CERTS does the same for every program of Node.',
  },
} as const;
