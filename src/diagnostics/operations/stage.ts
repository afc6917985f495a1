/** Of `stage`, and what is wrong with a bucket: STAGE_BUCKET_… are findings, of which an error refuses it. */
export const stageOperations = {
  STAGE_OBJECT_DIFFERS: {
    title: 'Another content lies where a worker’s archive belongs',
    explain:
      'The name of an archive is a hash of its bytes, so what has that name and other bytes was tampered with or cut off. Nothing was overwritten. A node would refuse it by its digest and never start its kubelet.',
  },
  STAGE_CONFLICT: {
    title: 'S3 keeps refusing a conditional write',
    explain:
      'Archives and the manifest are written on the condition that nobody else wrote them meanwhile. S3 refused that several times in a row, although each time what lay there was read again: another program writes there at the same time.',
  },
  STAGE_MANIFEST_DAMAGED: {
    title: 'The manifest of what was staged cannot be read',
    explain:
      'state/<cluster>/manifest.json says which archives were staged; a launch relies on it. What lies there is not what firstboot writes, or belongs to another cluster. Nothing was changed.',
  },
  STAGE_SECRETS_LEFT: {
    title: 'Staged secrets are still in the bucket after they were deleted',
    explain:
      'Every version and delete marker below a worker’s prefix is removed, then listed again; some came back or would not go. Object Lock, a legal hold or another program that stages are the usual reasons.',
  },
  STAGE_BUCKET_PUBLIC: {
    title: 'The bucket may be public',
    explain:
      'All four switches of the bucket’s public access block are to be on, and no statement of its policy may allow everybody. With one of them off, one wrong ACL or policy shows private keys to the world.',
  },
  STAGE_BUCKET_TLS: {
    title: 'The bucket can be reached without TLS',
    explain:
      'A bucket policy is to deny every action when aws:SecureTransport is false, on the bucket and on its objects: without it a request over plain HTTP carries a private key in the clear.',
  },
  STAGE_BUCKET_ENCRYPTION: {
    title: 'The bucket does not encrypt by KMS',
    explain:
      'Archives are put with SSE-KMS. What lies in state/ has user-data, which names them, and is put with the bucket’s default. That default is to be aws:kms, too, and where the spec names a key (aws.kmsKey) to be that one.',
  },
  STAGE_BUCKET_OWNER: {
    title: 'The bucket is another account’s',
    explain:
      'Every request says which account the bucket is expected to belong to: the one whose credentials are used. A bucket of the same name in another account would receive private keys.',
  },
  STAGE_BUCKET_OWNERSHIP: {
    title: 'ACLs decide over objects of the bucket',
    explain:
      'With the object ownership BucketOwnerEnforced ACLs are off and policies alone decide. With another setting whoever puts an object may own it, and give it to others.',
  },
  STAGE_BUCKET_REGION: {
    title: 'The bucket is in another region than the spec says',
    explain:
      'Nodes sign their request for the region in the spec and ask that region’s endpoint; S3 answers with a redirect or an error, and no node would boot.',
  },
  STAGE_BUCKET_COPIES: {
    title: 'The bucket keeps copies that nobody deletes',
    explain:
      'Staged secrets are deleted in every version once their node is proven. A replica in another bucket stays, and a version under Object Lock cannot be deleted.',
  },
  STAGE_BUCKET_LIFECYCLE: {
    title: 'The bucket’s lifecycle rules are not what they should be',
    explain:
      'The backstop for secrets that no run deleted: a rule on secrets/ that ends current and noncurrent versions and broken uploads after one day. A rule on state/ or bin/ would delete the journal or binaries that nodes still fetch.',
  },
  STAGE_BUCKET_UNKNOWN: {
    title: 'A part of the bucket’s configuration could not be read',
    explain:
      'The message names the calls and what S3 answered. What was not read was not judged: the right to ask is missing (`firstboot iam deployer-bucket` has it), or the server does not know the call.',
  },
  STAGE_BINARIES_MISSING: {
    title: 'Pinned binaries can be had from nowhere',
    explain:
      '`firstboot stage --mirror-binaries` takes each pinned binary from --mirror, from the cache or from its URLs, and verifies its digest before it is put. The message says what each of these said.',
  },
  STAGE_BINARY_DIFFERS: {
    title: 'A binary is not what pins.yaml says',
    explain:
      'The bytes that were to be copied to bin/ have another SHA-256 than their pin, or another object lies there. Nothing with a wrong digest is put; a node would refuse it.',
  },
} as const;
