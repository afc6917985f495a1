import type { BootEvent } from '../../src/report/report.ts';

/** The boot program's lines on a serial console, as any reader of the format finds them. */
export function parseEvents(console: string): readonly BootEvent[] {
  return [...console.matchAll(/^firstboot: (\{.*\})\r?$/gm)].map(([, json = '']) => JSON.parse(json) as BootEvent);
}

/** cloud-init says so on the console when its last stage is over; its verdict is on the disk then. */
export const cloudInitHasEnded = (console: string): boolean => /Cloud-init v\. \S+ finished at/.test(console);

export const tail = (text: string, lines: number): string => text.trimEnd().split(/\r?\n/).slice(-lines).join('\n');
