import { runContract } from '../contract/contract.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { openStoreWorld } from '../contract/sdk-worlds.ts';
import { need, needs } from './lab.ts';
import { startVersitygw, versitygwAccount, versitygwSecret } from './servers.ts';

runContract(objectStoreContract, {
  name: 'versitygw',
  create: async () => {
    const server = await startVersitygw();
    const world = await openStoreWorld({
      region: 'us-east-1',
      config: {
        endpoint: server.endpoint,
        credentials: { accessKeyId: versitygwAccount, secretAccessKey: versitygwSecret },
      },
      accountId: versitygwAccount,
      refuses: ['publicAccessBlock', 'encryption', 'lifecycle'],
    });
    return {
      ...world,
      close: async () => {
        await world.close();
        await server.stop();
      },
    };
  },
  require: context => need(context, needs.binary('versitygw')),
  deviations: {
    'what is put with SSE-KMS says so': 'it takes the headers of SSE and does nothing with them',
    'If-None-Match holds behind a delete marker': 'a delete marker counts as an object there, 412',
    'a thousand and one versions are listed, each once':
      'the last version of a page is the first of the next one, too; removing it twice does no harm',
    'public access block, encryption and lifecycle of a bucket are told': 'NotImplemented, so `unknown`',
    'a new bucket has what AWS gives it, and nothing else':
      'it has no public access block and no encryption; four calls are NotImplemented',
  },
});
