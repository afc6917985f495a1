import { openBinaries } from '../src/local/binaries.ts';
import { listen } from '../src/local/http.ts';
import { createObjectServer } from '../src/local/object-server.ts';

/** Serves binaries as a rehearsal does, for the floor of `npm run bench -- --boot`; prints the port and runs until it is ended. */
const [mirror = '', cache = '', wanted = '[]'] = process.argv.slice(2);
const { stored } = await openBinaries(JSON.parse(wanted), { mirror, cache });
const { port } = await listen(
  createObjectServer({ stored, roles: [], region: 'us-east-1', now: () => Date.now() }),
  '127.0.0.1',
);
process.stdout.write(`${port}\n`);
