import { createHash } from 'node:crypto';
import { runningCrc32, runningCrc64 } from '../crc.ts';
import type { ChecksumAlgorithm } from './s3-types.ts';

/** Digests of a stream, base64 but for the hexadecimal ones. */
export type Digests = {
  readonly size: number;
  readonly md5Hex: string;
  readonly sha256Hex: string;
  readonly checksumOf: (algorithm: ChecksumAlgorithm) => string | undefined;
};

type Running = { readonly update: (bytes: Uint8Array) => unknown; readonly digest: () => Uint8Array };

export const checksumLengths: Readonly<Record<ChecksumAlgorithm, number>> = {
  SHA256: 32,
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
};

/** MD5 and SHA-256 always, the others as far as they are asked for. `digests`: once the stream is read. */
export function digesting(
  source: AsyncIterable<Uint8Array>,
  algorithms: readonly ChecksumAlgorithm[],
): { readonly stream: AsyncIterable<Uint8Array>; readonly digests: () => Digests } {
  const running = new Map<string, Running>([['MD5', createHash('md5')]]);
  for (const algorithm of ['SHA256', ...algorithms] as const) running.set(algorithm, start(algorithm));
  let size = 0;
  const stream = async function* () {
    for await (const bytes of source) {
      size += bytes.length;
      for (const one of running.values()) one.update(bytes);
      yield bytes;
    }
  };
  const digests = (): Digests => {
    const results = new Map([...running].map(([name, one]) => [name, Buffer.from(one.digest())]));
    return {
      size,
      md5Hex: results.get('MD5')?.toString('hex') ?? '',
      sha256Hex: results.get('SHA256')?.toString('hex') ?? '',
      checksumOf: algorithm => results.get(algorithm)?.toString('base64'),
    };
  };
  return { stream: stream(), digests };
}

function start(algorithm: ChecksumAlgorithm): Running {
  if (algorithm === 'SHA256') return createHash('sha256');
  return algorithm === 'CRC64NVME' ? runningCrc64() : runningCrc32(algorithm);
}
