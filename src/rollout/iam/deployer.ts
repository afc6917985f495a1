import { type IamSubject, keyNamed, namesOf, type Policy, policy, type Statement } from './names.ts';

const clusterTag = 'firstboot:cluster';

/** What who runs firstboot may do on EC2: the calls that it makes, on what bears the cluster’s tag or is named in the spec. */
export function deployer(subject: IamSubject): Policy {
  return policy([...launching(subject), ...owning(subject), ...looking(subject), ...granting(subject)]);
}

/** RunInstances, by each resource that it touches: what it makes, with our tag; what it uses, by name. */
function launching(subject: IamSubject): readonly Statement[] {
  const { regional, ownerless, instanceProfile, subnets, images } = namesOf(subject);
  const { aws, name } = subject.cluster;
  const requested = { [`aws:RequestTag/${clusterTag}`]: name };
  const ids = images.filter(image => image.startsWith('ami-'));
  const all = ids.length < images.length || ids.length === 0;
  return [
    {
      Sid: 'LaunchInstances',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: [regional('ec2', 'instance/*')],
      Condition: {
        StringEquals: { ...requested, 'ec2:MetadataHttpTokens': 'required' },
        NumericEquals: { 'ec2:MetadataHttpPutResponseHopLimit': '1' },
        ArnEquals: { 'ec2:InstanceProfile': instanceProfile },
      },
    },
    {
      Sid: 'LaunchVolumes',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: [regional('ec2', 'volume/*')],
      Condition: { StringEquals: requested, Bool: { 'ec2:Encrypted': 'true' } },
    },
    {
      Sid: 'MakeInterfaces',
      Effect: 'Allow',
      Action: ['ec2:RunInstances', 'ec2:CreateNetworkInterface'],
      Resource: [regional('ec2', 'network-interface/*')],
      Condition: { StringEquals: requested },
    },
    {
      Sid: 'ReserveCapacity',
      Effect: 'Allow',
      Action: ['ec2:CreateCapacityReservation'],
      Resource: [regional('ec2', 'capacity-reservation/*')],
      Condition: { StringEquals: requested },
    },
    {
      Sid: 'LaunchWith',
      Effect: 'Allow',
      Action: ['ec2:RunInstances', 'ec2:CreateNetworkInterface', 'ec2:ModifyNetworkInterfaceAttribute'],
      Resource: [
        ...(all ? ['image/*'] : ids.map(id => `image/${id}`)).map(one => ownerless('ec2', one)),
        ownerless('ec2', 'snapshot/*'),
        ...(subnets.length === 0 ? ['*'] : subnets).map(one => regional('ec2', `subnet/${one}`)),
        ...(aws.securityGroups.length === 0 ? ['*'] : aws.securityGroups).map(one =>
          regional('ec2', `security-group/${one}`),
        ),
      ],
    },
    {
      Sid: 'TagWhatIsMade',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: ['instance/*', 'volume/*', 'network-interface/*', 'capacity-reservation/*'].map(one =>
        regional('ec2', one),
      ),
      Condition: {
        StringEquals: {
          ...requested,
          'ec2:CreateAction': ['RunInstances', 'CreateNetworkInterface', 'CreateCapacityReservation'],
        },
      },
    },
  ];
}

/** What bears the cluster’s tag already. */
function owning(subject: IamSubject): readonly Statement[] {
  const { regional } = namesOf(subject);
  const Condition = { StringEquals: { [`aws:ResourceTag/${clusterTag}`]: subject.cluster.name } };
  return [
    {
      Sid: 'OwnInstances',
      Effect: 'Allow',
      Action: ['ec2:TerminateInstances', 'ec2:ModifyInstanceAttribute', 'ec2:GetConsoleOutput'],
      Resource: [regional('ec2', 'instance/*')],
      Condition,
    },
    {
      Sid: 'OwnInterfacesAndReservations',
      Effect: 'Allow',
      Action: [
        'ec2:RunInstances',
        'ec2:ModifyNetworkInterfaceAttribute',
        'ec2:DeleteNetworkInterface',
        'ec2:CancelCapacityReservation',
      ],
      Resource: ['network-interface/*', 'capacity-reservation/*'].map(one => regional('ec2', one)),
      Condition,
    },
  ];
}

/** EC2’s Describe calls know no resources. */
export function looking(subject: IamSubject): readonly Statement[] {
  const { regional, ownerless, images } = namesOf(subject);
  const parameters = images.filter(image => image.startsWith('ssm:')).map(image => image.slice('ssm:'.length));
  const describe: Statement = {
    Sid: 'Look',
    Effect: 'Allow',
    Action: [
      'ec2:DescribeInstances',
      'ec2:DescribeImages',
      'ec2:DescribeSubnets',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeCapacityReservations',
    ],
    Resource: ['*'],
    Condition: { StringEquals: { 'aws:RequestedRegion': subject.cluster.aws.region } },
  };
  if (parameters.length === 0) return [describe];
  const arnOf = (name: string) =>
    name.startsWith('/aws/') ? ownerless('ssm', `parameter${name}`) : regional('ssm', `parameter${name}`);
  return [
    describe,
    { Sid: 'ResolveImages', Effect: 'Allow', Action: ['ssm:GetParameter'], Resource: parameters.map(arnOf) },
  ];
}

/** What EC2 does in our name: gives the instance its role, and its volume a key. */
function granting(subject: IamSubject): readonly Statement[] {
  const { nodeRole, ec2Service, spotRole } = namesOf(subject);
  const { volume, spot } = subject.cluster.aws;
  const passRole: Statement = {
    Sid: 'GiveTheNodeItsRole',
    Effect: 'Allow',
    Action: ['iam:PassRole'],
    Resource: [nodeRole],
    Condition: { StringEquals: { 'iam:PassedToService': ec2Service } },
  };
  const spotStatement: Statement = {
    Sid: 'FirstSpotInstance',
    Effect: 'Allow',
    Action: ['iam:CreateServiceLinkedRole'],
    Resource: [spotRole],
    Condition: { StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } },
  };
  return [
    passRole,
    ...(volume.kmsKey === null ? [] : volumeKey(subject, volume.kmsKey)),
    ...(spot ? [spotStatement] : []),
  ];
}

/** EBS User Guide, “Requirements for Amazon EBS encryption”; ReEncrypt is for an image that is encrypted itself. */
function volumeKey(subject: IamSubject, kmsKey: string): readonly Statement[] {
  const { kmsService } = namesOf(subject);
  const { Resource, byAlias } = keyNamed(kmsKey);
  const Condition = { StringEquals: { 'kms:ViaService': kmsService('ec2') }, ...byAlias };
  return [
    {
      Sid: 'VolumeKey',
      Effect: 'Allow',
      Action: ['kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:Decrypt', 'kms:ReEncrypt*'],
      Resource,
      Condition,
    },
    {
      Sid: 'VolumeKeyGrant',
      Effect: 'Allow',
      Action: ['kms:CreateGrant'],
      Resource,
      Condition: { ...Condition, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}
