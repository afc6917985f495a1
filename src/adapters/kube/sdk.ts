/** What of the client is used, and nothing else of it: bundled as dist/kube.cjs (scripts/build.mjs), for what asks the api-server. */
export {
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  PolicyV1Api,
  RequestContext,
  ServerConfiguration,
} from '@kubernetes/client-node';
