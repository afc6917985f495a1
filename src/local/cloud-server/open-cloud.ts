import fs from 'node:fs';
import path from 'node:path';
import { OperationError } from '../../diagnostics/operation-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CloudPace, FaultRule } from '../cloud/cloud.ts';
import { createEc2, type Ec2 } from '../cloud/ec2.ts';
import { type CloudS3, createS3 } from '../cloud/s3.ts';
import { indexWriter } from '../cloud/s3-index.ts';
import type { CloudSeed } from './seed.ts';
import { type CloudSettings, cloudFiles } from './state-folder.ts';

/** EC2 and S3 over a state folder. */
export type OpenCloud = {
  readonly ec2: Ec2;
  readonly s3: CloudS3;
  /** Returns once EC2’s state is on the disk; S3 sees to its own. */
  readonly save: () => Promise<void>;
  readonly seed: (seed: CloudSeed) => Promise<void>;
};

export type CloudWishes = { readonly clock: Clock; readonly faults: readonly FaultRule[] };

/** Seconds where EC2 takes minutes, but never nothing: what is asked for may lag, an address is held for a while. */
const localPace: CloudPace = {
  pendingFor: 1_000,
  shuttingDownFor: 1_500,
  describeLag: 300,
  terminatedShownFor: 3_600_000,
  interfaceHeldFor: 500,
};

const saved = { folder: 'ec2', file: 'index.json' } as const;

export function openCloud(folder: string, settings: CloudSettings, { clock, faults }: CloudWishes): OpenCloud {
  const { accountId, region } = settings;
  const options = { accountId, region, clock, faults, pace: localPace, throttled: true };
  const ec2Folder = path.join(folder, saved.folder);
  fs.mkdirSync(ec2Folder, { recursive: true, mode: 0o700 });
  const ec2 = createEc2(options, readSaved(path.join(ec2Folder, saved.file)));
  const s3 = createS3({ ...options, folder: path.join(folder, cloudFiles.s3) });
  const save = indexWriter(ec2Folder, ec2.snapshot);
  const prefixes = new Set<string>();
  return {
    ec2,
    s3,
    save,
    async seed({ catalogue, bucket, posture, nodePrefixes }) {
      ec2.add(catalogue);
      for (const prefix of nodePrefixes) prefixes.add(prefix);
      s3.setNodePrefixes([...prefixes]);
      if (!s3.snapshot().buckets.some(({ name }) => name === bucket)) s3.createBucket(bucket, posture);
      await save();
    },
  };
}

function readSaved(file: string): unknown {
  if (!fs.existsSync(file)) return undefined;
  try {
    const state = JSON.parse(fs.readFileSync(file, 'utf8')) as { readonly version?: unknown };
    if (state.version === 1) return state;
  } catch {
    // Said below.
  }
  throw new OperationError(
    'LOCAL_FOLDER_FOREIGN',
    `${file} cannot be read as the state of an embedded EC2 by this version.`,
    'remove the embedded cloud’s state: `firstboot local down --purge`, or name another folder by --state.',
  );
}
