import type { EC2Client } from '@aws-sdk/client-ec2';
import { CallError } from '../../diagnostics/call-error.ts';
import type { Compute } from '../../ports/compute.ts';
import { absentAs, called } from './call-errors.ts';
import { tagSpecification } from './ec2-launch.ts';
import { all, nameFilter } from './ec2-pages.ts';
import { interfaceView } from './ec2-views.ts';
import {
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from './sdk.ts';

/** Network interfaces, of which we make and keep some (`eni: keep`). */
export function ec2Interfaces(
  ec2: EC2Client,
): Pick<Compute, 'interfaces' | 'interfaceAt' | 'createInterface' | 'setInterfaceGroups' | 'deleteInterface'> {
  return {
    interfaces: async cluster => {
      const found = await all(async NextToken => {
        const page = await called('EC2', 'DescribeNetworkInterfaces', () =>
          ec2.send(new DescribeNetworkInterfacesCommand({ Filters: nameFilter(cluster), MaxResults: 1000, NextToken })),
        );
        return [page.NetworkInterfaces, page.NextToken];
      });
      return found.map(interfaceView);
    },
    interfaceAt: async (subnetId, privateIp) => {
      const { NetworkInterfaces = [] } = await called('EC2', 'DescribeNetworkInterfaces', () =>
        ec2.send(
          new DescribeNetworkInterfacesCommand({
            Filters: [
              { Name: 'subnet-id', Values: [subnetId] },
              { Name: 'addresses.private-ip-address', Values: [privateIp] },
            ],
          }),
        ),
      );
      const [found] = NetworkInterfaces;
      return found && interfaceView(found);
    },
    createInterface: async request => {
      const { NetworkInterface: made } = await called('EC2', 'CreateNetworkInterface', () =>
        ec2.send(
          new CreateNetworkInterfaceCommand({
            ClientToken: request.clientToken,
            SubnetId: request.subnetId,
            PrivateIpAddress: request.privateIp,
            Groups: [...request.securityGroups],
            Description: request.description,
            TagSpecifications: [tagSpecification('network-interface', request.tags)],
          }),
        ),
      );
      if (!made)
        throw new CallError('EC2', 'CreateNetworkInterface', 'NoResponse', 'the answer names no interface', undefined);
      return interfaceView(made);
    },
    setInterfaceGroups: async (NetworkInterfaceId, securityGroups) => {
      await called('EC2', 'ModifyNetworkInterfaceAttribute', () =>
        ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [...securityGroups] })),
      );
    },
    deleteInterface: async NetworkInterfaceId => {
      await absentAs(['InvalidNetworkInterfaceID.NotFound'], () =>
        called('EC2', 'DeleteNetworkInterface', () =>
          ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
        ),
      );
    },
  };
}
