import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../adapters/write-file.ts';
import { OperationError } from '../../diagnostics/operation-error.ts';

/** What an embedded cloud keeps for good; by cloud.json its folder is known. */
export type CloudSettings = {
  readonly version: 1;
  readonly accountId: string;
  readonly region: string;
  /** The operator’s long-lived keys; good for nothing but this cloud. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where it listened last; tried first, so that an environment that was exported stays good. */
  readonly port: number | null;
};

/** Names in the folder. */
export const cloudFiles = {
  settings: 'cloud.json',
  ec2: 'ec2.json',
  s3: 's3',
  instances: 'instances',
  server: 'server.json',
  log: 'server.log',
} as const;

/** As in the documentation of AWS: nobody’s account. */
export const embeddedAccount = '123456789012';

const draftStart = `.${cloudFiles.settings}.`;

/** Opens the folder of an embedded cloud, or makes it. LOCAL_FOLDER_FOREIGN, LOCAL_OTHER_SETTINGS, LOCAL_FOLDER_NOT_WRITTEN. */
export function openStateFolder(folder: string, region: string): CloudSettings {
  const settings = readSettings(folder);
  if (settings && settings.region !== region)
    throw new OperationError(
      'LOCAL_OTHER_SETTINGS',
      `the embedded cloud in ${folder} is in ${settings.region}, and the spec says ${region}.`,
      'name another folder by --state, or remove this one’s state: `firstboot local down --purge`.',
    );
  return settings ?? makeStateFolder(folder, region);
}

/** The settings in a folder; undefined where there is nothing yet. LOCAL_FOLDER_FOREIGN: there is something else. */
export function readSettings(folder: string): CloudSettings | undefined {
  const entries = attempt(folder, () => {
    const found = fs.statSync(folder, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) throw foreign(folder, 'is not a folder');
    // One that is being made is empty yet.
    return found ? fs.readdirSync(folder).filter(name => !name.startsWith(draftStart)) : [];
  });
  if (entries.length === 0) return undefined;
  if (!entries.includes(cloudFiles.settings)) throw foreign(folder, 'holds files of something else');
  const text = attempt(folder, () => fs.readFileSync(path.join(folder, cloudFiles.settings), 'utf8'));
  const settings = parse(text);
  if (settings) return settings;
  throw foreign(folder, `holds a ${cloudFiles.settings} that this version cannot read`);
}

function parse(text: string): CloudSettings | undefined {
  try {
    const { version, ...rest } = JSON.parse(text) as CloudSettings;
    const texts = [rest.accountId, rest.region, rest.accessKeyId, rest.secretAccessKey];
    return version === 1 && texts.every(one => typeof one === 'string') ? { version, ...rest } : undefined;
  } catch {
    return undefined;
  }
}

function makeStateFolder(folder: string, region: string): CloudSettings {
  const settings: CloudSettings = {
    version: 1,
    accountId: embeddedAccount,
    region,
    accessKeyId: `AKIA${randomKey(16)}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    port: null,
  };
  const name = path.join(folder, cloudFiles.settings);
  const draft = path.join(folder, `${draftStart}${process.pid}-${randomBytes(4).toString('hex')}`);
  attempt(folder, () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // It holds keys: closed to others whatever was there before, and to git.
    fs.chmodSync(folder, 0o700);
    fs.writeFileSync(draft, settingsText(settings), { mode: 0o600 });
    try {
      fs.linkSync(draft, name);
    } catch (error) {
      // Another process made it at the same moment: the keys are its.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      fs.rmSync(draft, { force: true });
    }
    fs.writeFileSync(path.join(folder, '.gitignore'), '*\n');
  });
  return readSettings(folder) ?? settings;
}

export function saveSettings(folder: string, settings: CloudSettings): void {
  writeFileAtomically(path.join(folder, cloudFiles.settings), settingsText(settings), 0o600);
}

function settingsText(settings: CloudSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function randomKey(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(length)].map(byte => letters[byte % letters.length]).join('');
}

function foreign(folder: string, is: string): OperationError {
  return new OperationError(
    'LOCAL_FOLDER_FOREIGN',
    `${folder} ${is}, and no state of an embedded cloud.`,
    'name a folder that is empty or not there yet by --state.',
  );
}

export function attempt<R>(folder: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (error instanceof OperationError) throw error;
    throw new OperationError(
      'LOCAL_FOLDER_NOT_WRITTEN',
      `the folder of the embedded cloud ${folder} cannot be used: ${(error as Error).message}.`,
      'look at its rights and at the space left, or name another by --state.',
      error,
    );
  }
}
