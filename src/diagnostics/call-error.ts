export type CalledService = 'EC2' | 'S3' | 'SSM' | 'STS' | 'Kubernetes';

/**
 * A call to AWS or to the api-server that failed, with the code that the service gave; NoResponse when none came, so that it is
 * not known whether it was carried out. Adapters and the embedded cloud throw it; rollout/ decides by it, and tells the
 * user by an OperationError.
 */
export class CallError extends Error {
  readonly service: CalledService;
  /** As AWS names it: RunInstances, PutObject; for Kubernetes verb and resource: “create pods/eviction”. */
  readonly call: string;
  readonly code: string;
  /** Of HTTP; undefined without an answer. */
  readonly status: number | undefined;

  constructor(
    service: CalledService,
    call: string,
    code: string,
    message: string,
    status: number | undefined,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'CallError';
    this.service = service;
    this.call = call;
    this.code = code;
    this.status = status;
  }
}
