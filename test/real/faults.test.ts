import { expect, test } from 'vitest';
import { complaintsOf, everyCase, inTurns, makeStage } from '../local/rehearsals.ts';

test(`the boot program under every fault and every pair that can meet: ${everyCase.length} boots`, async () => {
  const stage = await makeStage();
  const complaints = await inTurns(everyCase, 8, injected => complaintsOf(stage, injected));
  expect(complaints.flat()).toEqual([]);
}, 1_200_000);
