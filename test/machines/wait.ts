/** Asks every half second until there is an answer, and returns it. When time is up it fails with `what` and the last error. */
export async function until<T>(what: string, seconds: number, probe: () => T | undefined | false): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    let problem: unknown;
    try {
      const answer = probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) {
      const reason = problem instanceof Error ? `: ${problem.message}` : '';
      throw new Error(`${what}: not within ${seconds} s${reason}`, { cause: problem });
    }
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}
