import { expect, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';
import { type BinarySource, mirrorBinaries, type PinnedBinary } from '../../src/rollout/mirror-binaries.ts';
import { sha256 } from '../../src/tree/digest.ts';
import { testCloud } from '../support/cloud.ts';

/** Three parts of 8 MiB and a bit. */
const bytes = new Uint8Array(17 * 2 ** 20).map((_, index) => index % 251);
const kubelet: PinnedBinary = {
  binary: 'kubelet',
  version: '1.36.1',
  arch: 'amd64',
  sha256: sha256(bytes),
  size: bytes.length,
  file: 'kubelet',
};
const key = `bin/${kubelet.sha256}/kubelet`;

function sourceOf(content: Uint8Array): BinarySource & { readonly reads: () => number } {
  let reads = 0;
  return {
    size: content.length,
    digest: async () => sha256(content),
    read: async (from, to) => {
      reads += 1;
      return content.slice(from, to);
    },
    reads: () => reads,
  };
}

const nothing = () => {};
const opening = (source: BinarySource) => async () => new Map([[kubelet, source]]);

test('a binary lies below its digest, and a second run neither opens nor puts anything', async () => {
  const cloud = testCloud();
  const [first] = await mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(sourceOf(bytes)), nothing);
  expect(first).toMatchObject({
    outcome: 'put',
    url: `s3+https://example-firstboot.s3.us-east-1.amazonaws.com/${key}`,
  });
  expect(sha256((await cloud.store().get(key))?.bytes ?? '')).toBe(kubelet.sha256);
  const again = await mirrorBinaries(
    cloud.store(),
    cloud.cluster,
    [kubelet],
    () => Promise.reject(new Error('it is there')),
    nothing,
  );
  expect(again.map(one => one.outcome)).toEqual(['present']);
  expect((await cloud.store().versions('bin/')).length).toBe(1);
});

test('an upload that was broken off goes on', async () => {
  const cloud = testCloud();
  cloud.fault('CompleteMultipartUpload@1=AccessDenied');
  const broken = mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(sourceOf(bytes)), nothing);
  await expect(broken).rejects.toBeInstanceOf(CallError);
  expect(await cloud.store().head(key)).toBeUndefined();
  const parts = cloud.s3.callCounts().UploadPart ?? 0;
  await mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(sourceOf(bytes)), nothing);
  expect(sha256((await cloud.store().get(key))?.bytes ?? '')).toBe(kubelet.sha256);
  expect(cloud.s3.callCounts().UploadPart ?? 0).toBe(parts);
});

test('other bytes than the pin’s are not put', async () => {
  const cloud = testCloud();
  const other = sourceOf(bytes.slice(1));
  const work = mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(other), nothing);
  await expect(work).rejects.toMatchObject({ code: 'STAGE_BINARY_DIFFERS' });
  expect(other.reads()).toBe(0);
  expect((await cloud.store().versions('bin/')).length).toBe(0);
});

test('bytes that change after they were verified are caught while they are put', async () => {
  const cloud = testCloud();
  const turncoat = { ...sourceOf(bytes.slice().reverse()), digest: async () => kubelet.sha256 };
  const work = mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(turncoat), nothing);
  await expect(work).rejects.toMatchObject({ code: 'BadDigest' });
  expect(await cloud.store().head(key)).toBeUndefined();
});

test('what lies there with another size is put anew', async () => {
  const cloud = testCloud();
  await cloud.store().put({ key, bytes: new Uint8Array(5) });
  const [one] = await mirrorBinaries(cloud.store(), cloud.cluster, [kubelet], opening(sourceOf(bytes)), nothing);
  expect(one?.outcome).toBe('put');
  expect((await cloud.store().get(key))?.bytes.length).toBe(bytes.length);
});
