import net from 'node:net';
import type { Running } from './enter-room.ts';

const patience = 30_000;

/**
 * Switches a machine off as its power button does, and hard when that takes more than 30 s or `hurry` says so. QEMU runs in
 * the folder of its socket, so the path is short whatever the folder's name is.
 */
export async function powerOff({ pid, ended, end }: Running, hurry: AbortSignal): Promise<void> {
  const socket = net.connect(`/proc/${pid}/cwd/qmp.sock`);
  socket.on('error', () => {});
  socket.resume();
  socket.write(
    `${JSON.stringify({ execute: 'qmp_capabilities' })}\n${JSON.stringify({ execute: 'system_powerdown' })}\n`,
  );
  let late: NodeJS.Timeout | undefined;
  await Promise.race([
    ended,
    new Promise<void>(resolve => {
      late = setTimeout(resolve, patience);
      if (hurry.aborted) resolve();
      hurry.addEventListener('abort', () => resolve(), { once: true });
    }),
  ]);
  clearTimeout(late);
  socket.destroy();
  end();
  await ended;
}
