import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openRealSide } from '../../src/adapters/aws/aws-side.ts';
import type { OperationError } from '../../src/diagnostics/operation-error.ts';
import { exampleCluster } from '../support/cloud.ts';
import { issue, makeCa } from '../support/pki.ts';
import { environment, keys } from './aws-world.ts';

const identity =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/op</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

/** STS with a certificate of a CA of its own. */
async function startTls() {
  const ca = await makeCa();
  const { certificate: cert, key } = await issue({ ca, cn: 'sts', ips: ['127.0.0.1'] });
  const server = createServer({ cert, key }, (ask, reply) => {
    ask.resume().on('end', () => reply.end(identity));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { readonly port: number };
  return { ca: ca.certificate, endpoint: `https://127.0.0.1:${port}` };
}

test('a CA that nobody knows is refused, with the reason', async () => {
  const { endpoint } = await startTls();
  environment({ ...keys, AWS_ENDPOINT_URL: endpoint, AWS_MAX_ATTEMPTS: '1' });
  const error = await openRealSide(exampleCluster()).then(
    () => expect.fail('it was trusted'),
    (thrown: OperationError) => thrown,
  );
  expect(error).toMatchObject({ code: 'CALL_UNANSWERED', message: expect.stringMatching(/certificate/) });
});

test('the CA of AWS_CA_BUNDLE is trusted', async () => {
  const { ca, endpoint } = await startTls();
  const home = environment({ ...keys, AWS_ENDPOINT_URL: endpoint });
  const bundle = path.join(home, 'ca.pem');
  writeFileSync(bundle, ca);
  environment({ ...keys, AWS_ENDPOINT_URL: endpoint, AWS_CA_BUNDLE: bundle });
  const side = await openRealSide(exampleCluster());
  expect(side.place).toBe('AWS account 123456789012, us-east-1');
  await side.close();
});
