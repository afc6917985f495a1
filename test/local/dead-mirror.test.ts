import path from 'node:path';
import { expect, test } from 'vitest';
import { makeStage, rehearseIn } from './rehearsals.ts';

// A file of its own, since it waits for 10 s.
test('a dead mirror with another behind it: the boot ends well', async () => {
  const stage = await makeStage({ secondUrl: true });
  const { ok, events } = await rehearseIn(path.join(stage.cluster.folder, 'root'), stage, [{ name: 'dead-mirror' }]);
  expect([ok, events.filter(({ status }) => status === 'failed')]).toEqual([true, []]);
}, 60_000);
