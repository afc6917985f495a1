/** Of `apply`, `replace`, `destroy`, `gc` and `unlock`: the lock, the journal, each step, and calls that fail. */
export const rolloutOperations = {
  LOCK_HELD: {
    title: 'Another run holds the cluster’s lock',
    explain:
      'One run at a time changes a cluster: state/<cluster>/lock.json in the bucket says whose it is. A run that was killed leaves its lock. The same run (--run-id, in CI the pipeline’s own) takes it up again, from any machine; another’s is removed by `firstboot unlock ID` only, by somebody who knows that its run is dead. No lock is taken because it is old.',
  },
  LOCK_NOT_FOUND: {
    title: 'There is no lock with this ID',
    explain:
      '`firstboot unlock ID` removes the lock that LOCK_HELD named. Either its run ended meanwhile, or another one holds the lock by now, which has another ID.',
  },
  LOCK_UNREADABLE: {
    title: 'The lock cannot be read',
    explain:
      'state/<cluster>/lock.json is not what firstboot writes, so nobody can say whose it is. It is never overwritten.',
  },
  JOURNAL_FOREIGN: {
    title: 'Somebody else wrote to the journal',
    explain:
      'Each write of a worker’s record is conditional on what was read before it. The condition did not hold, though this run had the lock: another run went on after its lock was removed, or somebody edited the record. This run stopped; the worker is in the state that the record says.',
  },
  JOURNAL_UNREADABLE: {
    title: 'A record in the journal cannot be read',
    explain:
      'state/<cluster>/workers/<worker>.json, or the copy of a worker’s user-data, is not what firstboot writes, or a newer version wrote it. Nothing was changed.',
  },
  LAUNCH_UNSPECIFIED: {
    title: 'The spec does not say where or what to launch',
    explain:
      'A launch needs an image for the worker’s architecture and a subnet. Both have their place below `aws`, and a worker may have its own.',
  },
  LAUNCH_ADDRESS_OUTSIDE: {
    title: 'A worker’s address is not in its subnet',
    explain: 'EC2 gives an instance addresses of its subnet only. `aws.subnetCidr` has this checked at build, too.',
  },
  LAUNCH_ARCH: {
    title: 'Image, instance type and worker have different architectures',
    explain:
      'A machine of another architecture cannot run the worker’s binaries, and EC2 does not start an image on it.',
  },
  LAUNCH_NO_CAPACITY: {
    title: 'EC2 has no capacity for a worker',
    explain:
      'Every instance type of the list was tried in the worker’s subnet, which its address fixes. The message has EC2’s answer for each: InsufficientInstanceCapacity passes by itself; VcpuLimitExceeded is a quota; Unsupported says that the zone has no such type.',
  },
  LAUNCH_NOT_SEEN: {
    title: 'EC2 does not show an instance that it launched',
    explain:
      'For minutes after a launch DescribeInstances may not show the instance. After five it is no longer waited for; the instance is terminated by its ID.',
  },
  LAUNCH_ENDED: {
    title: 'An instance ended before its boot was proven',
    explain:
      'The message has EC2’s state reason. Server.SpotInstanceTermination and Server.InternalError are EC2’s own doing: try again. Client.InternalError often is a KMS key that may not be used for the volume, Client.VolumeLimitExceeded a quota. The staged secrets of the worker were deleted.',
  },
  CAPACITY_NOT_RESERVED: {
    title: 'Capacity for the new instance cannot be reserved',
    explain:
      'Before a node is disrupted, an instance’s worth of capacity is reserved for its successor. EC2 has none of the types in that zone now, so the old instance goes on as before.',
  },
  CAPACITY_RISK: {
    title: 'A spot worker cannot be replaced without a risk',
    explain:
      'Capacity Reservations are for On-Demand instances. Between the end of the old spot instance and the start of the new one EC2 may have none left; whoever accepts that says so.',
  },
  ADDRESS_HELD: {
    title: 'A worker’s private address is in use',
    explain:
      'An address is free only when the instance that had it is terminated and its network interface gone. The message names who holds it. A load balancer, an endpoint or a machine of somebody else has to be moved first.',
  },
  INSTANCE_FOREIGN: {
    title: 'An instance is not the worker’s',
    explain:
      'What is to be terminated must have the tags firstboot:cluster and firstboot:worker of this worker. It has not, so it was left alone.',
  },
  INSTANCE_NOT_TERMINATED: {
    title: 'An instance does not end',
    explain:
      'EC2 takes a minute or two to terminate an instance; this one took more than fifteen. Its address is not free before.',
  },
  NODE_TAKEN: {
    title: 'The worker’s Node belongs to another machine',
    explain:
      'A Node of the worker’s name is there, and the machine that it names lives: another instance, or one without a providerID that is Ready. It was not deleted.',
  },
  DRAIN_FAILED: {
    title: 'A node cannot be drained',
    explain:
      'Pods are evicted as `kubectl drain` does it: budgets are respected, and what would be lost needs an option of its own (--delete-emptydir-data, --force, --ignore-daemonsets). The node takes pods again, and nothing was terminated. --ignore-drain-failure terminates all the same.',
  },
  DRAIN_IMPOSSIBLE: {
    title: 'A node cannot be drained without the api-server',
    explain:
      'To replace or destroy a worker its pods are moved away first, for which the api-server has to be reached with the operator’s kubeconfig.',
  },
  VERIFY_BOOT_FAILED: {
    title: 'The boot program says that the boot failed',
    explain:
      'The message has the phase, the code and the cause, as the console reports them; `firstboot explain CODE` says more. The console is kept below state/<cluster>/evidence/, the new instance was terminated, its staged secrets are deleted. The next apply tries again.',
  },
  VERIFY_BOOT_OTHER: {
    title: 'The console reports the boot of something else',
    explain:
      'The last line of the boot program names its instance, digest and fingerprint. One of them is not that of this launch.',
  },
  VERIFY_NO_REPORT: {
    title: 'The boot program is not heard of',
    explain:
      'The instance runs, but until the deadline its console has no line of the boot program. Either there is no console output at all: the image’s kernel does not log to the serial port, or EC2 lags (on types that are not Nitro for minutes). Or there is, but no cloud-init that reads user-data: the image is none of those that firstboot can use.',
  },
  VERIFY_NOT_REGISTERED: {
    title: 'The kubelet did not register in time',
    explain:
      'The message has the last phase that the boot program reports. Common reasons: security groups between node and api-server, a certificate that the api-server does not trust, a deadline (--timeout) that is too short.',
  },
  VERIFY_NODE_WRONG: {
    title: 'The Node is not that of the new instance',
    explain:
      'A worker counts as replaced when a Node with a new UID has the providerID and systemUUID of the new instance, its address and its kubelet’s version. The message says which of them is another. A kubelet cannot change the providerID of a Node that is there: the old Node must be deleted.',
  },
  VERIFY_NODE_UNHEALTHY: {
    title: 'The api-server does not reach the kubelet',
    explain:
      'The kubelet registered, but its healthz, asked through the api-server’s proxy, does not say ok. Logs, exec and metrics go the same way.',
  },
  VERIFY_NOT_READY: {
    title: 'The Node is not Ready in time',
    explain: 'With --wait ready a Node must be seen Ready twice in a row. The message has the kubelet’s own reason.',
  },
  VERIFY_UNASKED: {
    title: 'The api-server did not answer while a Node was waited for',
    explain:
      'Whether the worker registered cannot be known, so its instance and secrets stay as they are. The same command goes on with them.',
  },
  CALL_DENIED: {
    title: 'A call is not allowed',
    explain:
      'The message names the call and what the service said, the hint the IAM action or the ClusterRole. `firstboot iam` prints the least that each role needs. A service control policy or a permissions boundary can deny what a policy allows.',
  },
  CALL_CREDENTIALS: {
    title: 'The credentials are not accepted',
    explain:
      'They have expired, were revoked, or are not known to the service. Everything that was begun is on record, and the same command goes on with it.',
  },
  CALL_CLOCK: {
    title: 'This machine’s clock is wrong',
    explain:
      'Requests to AWS are signed with the time and refused when it is more than five (S3: fifteen) minutes off.',
  },
  CALL_REGION: {
    title: 'The bucket is in another region',
    explain:
      'S3 answered with the way to another region. The nodes would ask the wrong one too, so it is not followed.',
  },
  CALL_NO_BUCKET: {
    title: 'There is no such bucket',
    explain: 'The bucket of the spec does not exist, or not in this partition. firstboot does not create one.',
  },
  CALL_NOT_FOUND: {
    title: 'Something that the spec names is not there',
    explain: 'Images, subnets, security groups and instance types belong to a region, and most of them to an account.',
  },
  CALL_QUOTA: {
    title: 'A quota of the account or the subnet is used up',
    explain: 'The message has EC2’s own words.',
  },
  CALL_THROTTLED: {
    title: 'AWS throttled a call for minutes',
    explain:
      'Throttled calls are tried again with growing pauses for five minutes. The limits are per account and region, so other tools use them up too.',
  },
  CALL_UNANSWERED: {
    title: 'A service did not answer',
    explain:
      'The call was tried again for more than a minute. Whether it was carried out is not known; the next run finds that out by the same token or condition.',
  },
  CALL_DAMAGED: {
    title: 'What arrived is not what was sent',
    explain:
      'Objects are put with their SHA-256 and read with the checksum that the service keeps beside them. They disagree: something on the way changed the bytes, or the object was written by something else. Nothing of it was used.',
  },
  CALL_FAILED: {
    title: 'A call failed',
    explain: 'The message has the service’s own code and words.',
  },
} as const;
