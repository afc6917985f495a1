import { randomBytes } from 'node:crypto';
import type { Role } from './instance.ts';

/** As long as EC2's own credentials are good (EC2 User Guide, “Retrieve security credentials from instance metadata”). */
const lifetime = 6 * 3600 * 1000;
const roleName = 'firstboot-worker';

/** Credentials in the form of STS, new at each run. `now`: milliseconds since 1970. */
export function newRole(now: number): Role {
  return {
    name: roleName,
    accessKeyId: `ASIA${randomText(16)}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    token: randomBytes(240).toString('base64'),
    expires: now + lifetime,
  };
}

function randomText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(length)].map(byte => letters[byte % letters.length]).join('');
}
