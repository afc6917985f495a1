import type { InstanceView } from '../../ports/compute.ts';
import type { CloudCompute } from '../cloud/cloud.ts';
import { typeFacts } from '../cloud/ec2-types.ts';
import { type Filterable, filtered, page } from './ec2-filters.ts';
import { readLaunch } from './ec2-launch.ts';
import { type Params, refuse } from './ec2-params.ts';
import { instanceXml, type Owner, reservationXml, stateXml, time } from './ec2-views.ts';
import type { Xml } from './ec2-xml.ts';

export type Answer = Readonly<Record<string, Xml>>;
/** Reads the parameters, then does it: what is wrong with a request is said before anything happens. */
export type Action = (params: Params, cloud: CloudCompute, owner: Owner) => Promise<Answer>;

export const instanceActions: Readonly<Record<string, Action>> = {
  RunInstances: runInstances,
  DescribeInstances: describeInstances,
  TerminateInstances: terminateInstances,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  DescribeInstanceAttribute: describeInstanceAttribute,
  GetConsoleOutput: getConsoleOutput,
};

async function runInstances(params: Params, cloud: CloudCompute, owner: Owner): Promise<Answer> {
  const request = readLaunch(params, cloud.calls.subnetOf);
  const dryRun = params.flag('DryRun') === true;
  params.finish();
  if (dryRun) {
    await cloud.compute.tryLaunch(request);
    throw refuse(params.action, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  }
  const view = await cloud.compute.launch(request);
  const instance = instanceXml(view, cloud.calls.launchedAs(view.instanceId), owner);
  return reservationXml(instance, view.instanceId, owner);
}

const filterable: Filterable<InstanceView> = {
  tags: ({ tags }) => tags,
  of: {
    'instance-id': one => [one.instanceId],
    'instance-state-name': one => [one.state],
    'client-token': one => [one.clientToken],
    'private-ip-address': one => [one.privateIp],
    'network-interface.addresses.private-ip-address': one => [one.privateIp],
    'network-interface.network-interface-id': one => one.interfaceIds,
    'subnet-id': one => [one.subnetId],
    'image-id': one => [one.imageId],
    'instance-type': one => [one.instanceType],
    'instance-lifecycle': one => [one.spot ? 'spot' : undefined],
    'availability-zone': one => [one.zone],
    architecture: one => [one.arch === 'amd64' ? 'x86_64' : 'arm64'],
  },
};

async function describeInstances(params: Params, { calls }: CloudCompute, owner: Owner): Promise<Answer> {
  const ids = params.list('InstanceId');
  if (ids.length > 0 && params.has('MaxResults'))
    throw refuse(
      params.action,
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  // Both read their parameters, so that none is left unread.
  filtered(params, [], filterable);
  page(params, []);
  params.finish();
  const all = await calls.describeInstances();
  const wanted = ids.length === 0 ? all : ids.map(id => knownInstance(params, id, all));
  const { shown, nextToken } = page(params, filtered(params, wanted, filterable));
  const reservationSet = shown.map(view =>
    reservationXml(instanceXml(view, calls.launchedAs(view.instanceId), owner), view.instanceId, owner),
  );
  return { reservationSet, nextToken };
}

function knownInstance({ action }: Params, id: string, all: readonly InstanceView[]): InstanceView {
  const found = all.find(({ instanceId }) => instanceId === id);
  if (found) return found;
  if (!/^i-[0-9a-f]{8}(?:[0-9a-f]{9})?$/.test(id))
    throw refuse(action, 'InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
  throw refuse(action, 'InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
}

async function terminateInstances(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const ids = params.list('InstanceId');
  params.finish();
  const [id, second] = ids;
  if (id === undefined)
    throw refuse(params.action, 'MissingParameter', 'The request must contain the parameter InstanceId');
  if (second !== undefined)
    throw refuse(params.action, 'Unsupported', 'The embedded cloud terminates one instance at a call');
  await compute.terminate(id);
  const change = { instanceId: id, currentState: stateXml('shutting-down'), previousState: stateXml('running') };
  return { instancesSet: [change] };
}

async function modifyInstanceAttribute(params: Params, { compute }: CloudCompute): Promise<Answer> {
  const id = params.required('InstanceId');
  const on = params.inside('DisableApiTermination').flag('Value');
  params.finish();
  if (on === undefined)
    throw refuse(params.action, 'Unsupported', 'The embedded cloud changes DisableApiTermination and nothing else');
  await compute.setTerminationProtection(id, on);
  return { return: true };
}

async function describeInstanceAttribute(params: Params, { calls }: CloudCompute): Promise<Answer> {
  const instanceId = params.required('InstanceId');
  const attribute = params.required('Attribute');
  params.finish();
  if (!['userData', 'disableApiTermination'].includes(attribute))
    throw refuse(params.action, 'Unsupported', `The embedded cloud does not tell the attribute ${attribute}`);
  const { request, terminationProtection } = await calls.describeAttributes(instanceId);
  if (attribute === 'disableApiTermination')
    return { instanceId, disableApiTermination: { value: terminationProtection } };
  const value = Buffer.from(request.userData).toString('base64');
  return { instanceId, userData: value === '' ? {} : { value } };
}

async function getConsoleOutput(params: Params, { calls, compute }: CloudCompute, { now }: Owner): Promise<Answer> {
  const instanceId = params.required('InstanceId');
  const latest = params.flag('Latest') === true;
  params.finish();
  const type = calls.launchedAs(instanceId)?.request.instanceType ?? '';
  if (latest && typeFacts(type)?.nitro === false)
    throw refuse(
      params.action,
      'UnsupportedOperation',
      'This instance type does not support retrieving the latest console logs.',
    );
  // On EC2 it is a snapshot without Latest; here it is the newest always.
  const output = await compute.consoleOutput(instanceId);
  // As EC2 does, an element without content where there is nothing yet.
  const encoded = output === undefined ? '' : Buffer.from(output).toString('base64');
  return { instanceId, timestamp: time(now()), output: encoded };
}
