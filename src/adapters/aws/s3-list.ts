import type {
  DeleteMarkerEntry,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import type { ListedObject, ObjectVersion } from '../../ports/object-store.ts';
import { called } from './call-errors.ts';
import type { S3Place } from './s3.ts';
import { ListObjectsV2Command, ListObjectVersionsCommand } from './sdk.ts';

export async function listObjects({ client, target }: S3Place, prefix: string): Promise<readonly ListedObject[]> {
  const found: ListedObject[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await called('S3', 'ListObjectsV2', () =>
      client.send(
        new ListObjectsV2Command({ ...target, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }),
      ),
    );
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? [])
      found.push({ key: Key, size: Size, lastModified: LastModified?.getTime() ?? 0 });
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  return found;
}

export async function listVersions({ client, target }: S3Place, prefix: string): Promise<readonly ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  let markers: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | undefined = {};
  while (markers) {
    const input: ListObjectVersionsCommandInput = { ...target, Prefix: prefix, ...markers };
    const page: ListObjectVersionsCommandOutput = await called('S3', 'ListObjectVersions', () =>
      client.send(new ListObjectVersionsCommand(input)),
    );
    for (const version of page.Versions ?? []) found.push(versionOf(version, false, version.Size ?? 0));
    for (const marker of page.DeleteMarkers ?? []) found.push(versionOf(marker, true, 0));
    markers = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
      : undefined;
  }
  return found;
}

type Listed = Pick<DeleteMarkerEntry, 'Key' | 'VersionId' | 'IsLatest' | 'LastModified'>;

function versionOf(
  { Key = '', VersionId = 'null', IsLatest, LastModified }: Listed,
  isDeleteMarker: boolean,
  size: number,
): ObjectVersion {
  return {
    key: Key,
    versionId: VersionId,
    isLatest: IsLatest === true,
    isDeleteMarker,
    size,
    lastModified: LastModified?.getTime() ?? 0,
  };
}
