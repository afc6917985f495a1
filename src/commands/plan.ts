import path from 'node:path';
import { writeFileAtomically } from '../adapters/write-file.ts';
import type { CallError } from '../diagnostics/call-error.ts';
import type { Kube } from '../ports/kube.ts';
import { makePlan } from '../rollout/make-plan.ts';
import { planText } from '../rollout/plan-file.ts';
import { retrying } from '../rollout/retry.ts';
import { type AwsSide, openAwsSide, openKube } from './aws-side.ts';
import { type DesiredFleet, desiredFleet } from './desired-fleet.ts';
import { explained } from './explained.ts';
import type { CommandIo } from './io.ts';
import { countActions } from './plan-lines.ts';
import { planMarkdown } from './plan-markdown.ts';
import { type Paint, plain, planView } from './plan-view.ts';
import { type ParsedOptions, textOf } from './table.ts';
import { wrongUsage } from './wrong-usage.ts';

const changesPending = 3;

/** Says what `apply` would do, and why. Changes nothing and reads no private key that is not there. */
export async function planCommand(options: ParsedOptions, _: readonly string[], io: CommandIo): Promise<number> {
  if (io.json && options.markdown === true)
    return wrongUsage('--json and --markdown are two forms of one result', 'give one of them.', io);
  const fleet = await desiredFleet(textOf(options.cluster) ?? 'cluster.yaml', {}, io);
  if (typeof fleet === 'number') return fleet;
  const side = await explained(() => openAwsSide(fleet.cluster, options, io), fleet.cluster);
  try {
    return await planOn(fleet, side, await openKube(options, io), options, io);
  } finally {
    await side.close();
  }
}

/** The same, once everything is open. */
export async function planOn(
  fleet: DesiredFleet,
  side: Omit<AwsSide, 'close'>,
  kube: Kube | undefined,
  options: ParsedOptions,
  io: CommandIo,
): Promise<number> {
  const { cluster } = fleet;
  // An api-server that does not answer is told, and not waited for.
  const world = { ...retrying({ ...side, cluster, kube: undefined }, 'plan'), kube };
  const { plan, observed, podsProblem } = await explained(
    () => makePlan(world, fleet, { nodesOptional: true }),
    cluster,
    kube?.server,
  );
  const out = textOf(options.out);
  if (out !== undefined) writeFileAtomically(path.resolve(io.cwd, out), planText(plan), 0o600);
  const note = podsNote(kube !== undefined, observed.nodesProblem ?? podsProblem);
  const counts = countActions(plan);
  if (io.json) io.out(`${JSON.stringify({ ...plan, counts })}\n`);
  else if (options.markdown === true) io.out(planMarkdown(plan, note));
  else {
    io.err(`${cluster.name} on ${side.place}\n`);
    io.out(planView(plan, note, paintOf(io)));
    if (out !== undefined) io.err(`written to ${out}: \`firstboot apply ${out}\` does this and nothing else\n`);
  }
  const isPending = counts.keep < plan.actions.length;
  return isPending && options['detailed-exitcode'] === true ? changesPending : 0;
}

function podsNote(asked: boolean, problem: CallError | undefined): string | undefined {
  if (!asked) return 'Pods were not looked at: there is no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config).';
  if (!problem) return undefined;
  return `Pods were not looked at: the api-server did not say (${problem.call}: ${problem.code}).`;
}

function paintOf({ terminal }: CommandIo): Paint {
  return terminal ? (code, text) => `\u001b[${code}m${text}\u001b[0m` : plain;
}
