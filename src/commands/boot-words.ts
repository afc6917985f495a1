import path from 'node:path';
import type { LiveMachine, Outcome } from '../local/qemu/boot-machines.ts';
import { isRoot } from '../local/qemu/rooms.ts';
import { timelineTable } from '../report/table.ts';

/** The timeline of each worker, and where its console lies when that is kept. */
export function describeOutcomes(outcomes: readonly Outcome[], kept: boolean): string {
  return outcomes
    .map(({ report, folder }) => {
      const where = kept ? `console: ${path.join(folder, 'console.log')}\n` : '';
      return `${report ? timelineTable(report) : ''}${where}`;
    })
    .join('\n');
}

/** Why each of those that failed did, and what to do. */
export function failuresOf(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(({ verdict }) => (verdict.ok ? '' : `firstboot: ${verdict.problem}\n  hint: ${verdict.hint}\n`))
    .join('');
}

export function bootJson(outcomes: readonly Outcome[], kept: boolean): string {
  const workers = outcomes.map(({ name, verdict, instanceId, report, folder }) => ({
    name,
    ok: verdict.ok,
    instanceId,
    ...(!verdict.ok && { code: verdict.code, message: verdict.problem, hint: verdict.hint }),
    report: report ?? null,
    ...(kept && { console: path.join(folder, 'console.log'), disk: path.join(folder, 'disk.qcow2') }),
  }));
  return `${JSON.stringify({ workers })}\n`;
}

/** What one can look at while the machines run. */
export function howToLook(machines: readonly LiveMachine[]): string {
  const enter = isRoot() ? '--net' : '--user --preserve-credentials --net';
  const lines = machines.flatMap(({ client, folder, room, running }) => [
    `${client.manifest.worker} runs (QEMU is process ${running.pid}):`,
    `  console  ${path.join(folder, 'console.log')}`,
    `  QMP      ${path.join(folder, 'qmp.sock')}`,
    `  disk     ${path.join(folder, 'disk.qcow2')}`,
    `  address  ${client.instance.privateIp}, in its network: nsenter --target ${room.pid} ${enter}`,
  ]);
  return `${lines.join('\n')}\nCtrl-C switches off; the folder stays.\n`;
}
