/**
 * What the boot program reports on the node: `code` in its console lines and in report.json. The cause beside it is the
 * node's own; the text here is what `firstboot explain` says. Codes are permanent.
 */
export const bootCodes = {
  BOOT_IDENTIFY: {
    title: 'Instance metadata did not answer',
    explain:
      'For 60 s there was no answer of IMDSv2 at 169.254.169.254, or, where the archive is fetched from S3, no credentials of the instance’s role. Look at the metadata options of the instance (enabled, hop limit), at its profile and its network. “no instance profile yet”: associate the instance profile of cluster.yaml with the instance; a new one takes some seconds to arrive.',
  },
  BOOT_IDENTIFY_INSTANCE: {
    title: 'The machine was made from an image of a worker',
    explain:
      'The instance ID is another than the one that this disk first booted as. Starting would give the identity of one node to two machines. Launch the machine from a stock image with user-data of its own.',
  },
  BOOT_IDENTIFY_ADDRESS: {
    title: 'The instance has another private address than the worker',
    explain:
      'The certificate names the address of the spec, so the api-server could not reach the kubelet. Launch the instance with the worker’s privateIp.',
  },
  BOOT_IDENTIFY_HOSTNAME: {
    title: 'The hostname is not the worker’s name',
    explain:
      'The kubelet registers under the hostname, and its certificate only allows the worker’s name. Something else than this user-data sets the hostname.',
  },
  BOOT_IDENTIFY_FILES: {
    title: 'Files from user-data are torn or changed',
    explain:
      'What cloud-init wrote is not what was compiled: a power cut in the middle of it, or another program changed a file. A reboot writes them again; else replace the worker.',
  },
  BOOT_CLOCK: {
    title: 'The clock is wrong',
    explain:
      'After 120 s of waiting for time synchronisation the clock was still before the certificate’s notBefore or after its notAfter (the cause has the three times), or 300 s and more away from the time that instance metadata gives; S3 refuses requests signed more than 15 minutes ahead or behind. Look at the image’s time synchronisation; on EC2 169.254.169.123 answers NTP.',
  },
  BOOT_SECRETS: {
    title: 'The secrets archive cannot be had',
    explain:
      'For 15 minutes the object store did not give it. 403: not staged yet, or the role lacks s3:GetObject or kms:Decrypt (without ListBucket a missing object is 403 too). 404: the role may list. The cause has S3’s own code: SignatureDoesNotMatch and RequestTimeTooSkewed speak of the request, ExpiredToken and InvalidAccessKeyId of the role’s credentials. Else: network, DNS or proxy.',
  },
  BOOT_SECRETS_DIGEST: {
    title: 'The secrets archive is not the one compiled',
    explain:
      'Its SHA-256 is not the one in user-data: an older or newer build was staged, or somebody changed it. The kubelet does not start. Stage the archive of the same build again.',
  },
  BOOT_SECRETS_CONTENT: {
    title: 'The secrets archive lacks a file',
    explain: 'The digest is right, but a file that user-data names is not in it: a bug. Build and stage again.',
  },
  BOOT_BINARIES: {
    title: 'A binary cannot be had',
    explain:
      'No mirror gave it, or the disk is full. The cause names the last mirror and what it said. What came already is kept (beside its final name, or in /var/lib/firstboot, ending in .firstboot) and the next mirror, attempt or boot goes on from there.',
  },
  BOOT_BINARIES_DIGEST: {
    title: 'A binary is not the pinned one',
    explain:
      'Its SHA-256 or size is not the one of pins.yaml: cut short, an error page, another architecture or release, or tampered with. It got no final name. Correct the pin with `firstboot pin`, or the mirror.',
  },
  BOOT_BINARIES_ARCH: {
    title: 'A binary is for another machine',
    explain:
      'The digest is the pinned one, but the program’s ELF header names another machine than this one: 3e00 is amd64, b700 is arm64. It got no final name, and no other mirror is asked. The pin stands under the wrong architecture in pins.yaml, or the instance type is of another one than the worker’s arch.',
  },
  BOOT_BINARIES_CONTENT: {
    title: 'An archive lacks a member',
    explain: 'The archive is the pinned one, but has no such member. Correct `members` in bundle.yaml, or the pin.',
  },
  BOOT_INSTALL: {
    title: 'A file cannot be written',
    explain:
      'The disk is full or read-only. The cause names the file. What was written got no final name; a rerun mends it.',
  },
  BOOT_KERNEL: {
    title: 'A kernel module or sysctl was refused',
    explain:
      'The cause has the command and what it said. The image’s kernel lacks the module, or a sysctl’s name is wrong.',
  },
  BOOT_UNITS: {
    title: 'A unit does not start',
    explain: 'The cause has the unit and the last line of its journal; report.json has more of it.',
  },
  BOOT_HEALTH: {
    title: 'containerd or the kubelet is not healthy',
    explain:
      'containerd’s socket or the kubelet’s healthz did not answer in time. The cause has the last line of the journal.',
  },
  BOOT_REGISTERED: {
    title: 'The api-server does not show the Node',
    explain:
      'Asked with the node’s own kubeconfig, the api-server did not give the Node. 404: the kubelet has not registered; 401: it does not trust the CA; else it cannot be reached. Where the kubeconfig’s proxy-url is of https or socks5, nothing is asked.',
  },
  BOOT_REGISTERED_ADDRESS: {
    title: 'The Node has another address than the worker',
    explain:
      'The kubelet registered with an InternalIP that is not the worker’s privateIp, so the api-server reaches something else or fails on the certificate. The kubelet takes the address of the default route’s interface: look at the routes, and at --node-ip in a unit of your own.',
  },
  BOOT_REGISTERED_OTHER: {
    title: 'The Node belongs to another instance',
    explain:
      'A Node of this name exists with another providerID, which a kubelet cannot change. Delete the old Node object.',
  },
} as const;
