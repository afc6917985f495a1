/** What a replacement asks of the api-server, as the ClusterRole of `firstboot iam` has it. `get nodes/proxy` is optional: see healthz. */
export type Right = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
};

export const neededRights: readonly Right[] = [
  { verb: 'get', group: '', resource: 'nodes' },
  { verb: 'list', group: '', resource: 'nodes' },
  { verb: 'patch', group: '', resource: 'nodes' },
  { verb: 'delete', group: '', resource: 'nodes' },
  { verb: 'list', group: '', resource: 'pods' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'eviction' },
  { verb: 'list', group: 'policy', resource: 'poddisruptionbudgets' },
];

/** “create pods/eviction”, “list poddisruptionbudgets”. */
export function rightWords({ verb, resource, subresource }: Right): string {
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}
