import { expect, test } from 'vitest';
import { complaintsOf, inTurns, makeStage, nearCases } from './rehearsals.ts';

// All pairs, which take minutes, are in test/real/faults.test.ts.
test('faults alone and in pairs, through the boot program: the code, no kubelet, nothing torn, and success once they are gone', async () => {
  const stage = await makeStage();
  const complaints = await inTurns(nearCases, 8, injected => complaintsOf(stage, injected));
  expect(complaints.flat()).toEqual([]);
}, 240_000);

test('these checks can fail: a file that is torn is seen', async () => {
  const stage = await makeStage();
  const isKubelet = (path: string) => path === '/usr/local/bin/kubelet';
  const whole = stage.whole.map(file => (isKubelet(file.path) ? { ...file, size: file.size + 1 } : file));
  expect(await complaintsOf({ ...stage, whole }, [])).toEqual([
    expect.stringMatching('/usr/local/bin/kubelet is not as it should be'),
    expect.stringMatching('the rerun left another tree'),
  ]);
}, 60_000);
