import { finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import { isJsonMap, type Json } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { cloudInitOrigin, fieldName } from './user-data-subject.ts';

/** Variables of cloud-init's own templates; braces alone may be meant for Docker, Helm or Ansible. */
const template = /\{\{-?\s{0,20}(?:v1|ds)[.[]|\{\{-?\s{0,20}(?:instance_id|local_hostname)\b|^## ?template: ?jinja/m;

/** Templates, which cloud-init would fill in only if user-data said so in its first line. */
export const userDataJinja: ClusterRule = ({ cluster }) =>
  templatesIn(cluster.cloudInit, []).map(path =>
    finding('USER_DATA_JINJA', cloudInitOrigin(cluster, path), { key: fieldName(path) }),
  );

function templatesIn(value: Json, path: Path): readonly Path[] {
  if (typeof value === 'string') return template.test(value) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((one: Json, index) => templatesIn(one, [...path, index]));
  return isJsonMap(value) ? Object.entries(value).flatMap(([key, one]) => templatesIn(one, [...path, key])) : [];
}
