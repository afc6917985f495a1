const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Lets work end in its own order when the process is told to end: `signal` is aborted, `work` cleans up and throws, and then
 * the process ends by the signal that it got, so that a shell sees what it was.
 */
export async function untilInterrupted<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const handlers = signals.map(name => [name, () => controller.abort(new Interrupted(name))] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (error instanceof Interrupted) {
      stopListening(handlers);
      process.kill(process.pid, error.signal);
      // The signal ends the process before anybody sees this.
      await new Promise(() => {});
    }
    throw error;
  } finally {
    stopListening(handlers);
  }
}

function stopListening(handlers: readonly (readonly [NodeJS.Signals, () => void])[]): void {
  for (const [name, handler] of handlers) process.off(name, handler);
}

class Interrupted extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}
