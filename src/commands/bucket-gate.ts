import type { ObjectStore } from '../ports/object-store.ts';
import { judgePosture, type PostureFinding } from '../rollout/posture.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { CommandIo } from './io.ts';
import { wrapped } from './wrap.ts';

/**
 * Judges the bucket’s posture and says what is wrong with it, on stderr. An exit code when it is too weak to put anything there
 * (with --json after the one document of the failure); else the findings, which with --allow-weak-bucket are all warnings.
 */
export async function bucketGate(
  store: ObjectStore,
  cluster: Cluster,
  allowWeak: boolean,
  io: CommandIo,
): Promise<readonly PostureFinding[] | number> {
  const found = judgePosture(await store.posture(), cluster);
  const findings = allowWeak ? found.map(one => ({ ...one, severity: 'warning' as const })) : found;
  for (const one of findings) io.err(describe(one));
  if (!findings.some(one => one.severity === 'error')) return findings;
  io.err('firstboot: nothing was put. --allow-weak-bucket goes on all the same.\n');
  if (io.json) io.out(`${JSON.stringify({ diagnostics: findings.map(postureJson) })}\n`);
  return 1;
}

/** As diagnostics are in JSON, without a place. */
export function postureJson({ code, severity, message, hint }: PostureFinding) {
  return { code, severity, message, hint, file: null, notes: [] };
}

/** A command is not wrapped, so that it can be copied. */
function describe({ code, severity, message, hint }: PostureFinding): string {
  const [sentence = '', ...commands] = hint.split('\n');
  const lines = commands.map(line => `    ${line}\n`).join('');
  return `${wrapped(`firstboot: ${severity} ${code}: ${message}`)}\n  ${wrapped(`hint: ${sentence}`, '    ')}\n${lines}`;
}
