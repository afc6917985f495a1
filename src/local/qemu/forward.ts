import net from 'node:net';
import tls from 'node:tls';
import type { ApiServer } from './network.ts';

const patience = 3_000;

/**
 * Why the api-server cannot be asked from this host; undefined: it answers. Some networks answer for any address, so its
 * certificate must be of the authority that the workers trust; its name is for the boot program to judge.
 */
export function unreachable({ host, port }: ApiServer, authority: string | undefined): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = tls.connect({
      host,
      port,
      ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
      checkServerIdentity: () => undefined,
    });
    const settle = (reason: string | undefined) => {
      clearTimeout(late);
      socket.destroy();
      resolve(reason);
    };
    const late = setTimeout(() => settle(`no answer within ${patience / 1000} s`), patience);
    socket.once('secureConnect', () => settle(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}

/** Carries what comes in from a room to the api-server, dialled from the host's network. */
export function forward(server: net.Server, to: ApiServer): () => void {
  const open = new Set<net.Socket>();
  server.on('connection', inner => {
    const outer = net.connect({ ...to, allowHalfOpen: true });
    inner.allowHalfOpen = true;
    for (const [from, into] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(from);
      from.once('error', () => into.destroy());
      from.once('close', () => open.delete(from));
      from.pipe(into);
    }
  });
  return () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
}
