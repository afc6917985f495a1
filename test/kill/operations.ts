import type { Preamble } from '../../src/local/rehearse-faults.ts';

/** Counts what the program does to files of the root, and kills itself at one of these operations, or a moment after. */
const source = `
import os, runpy, signal, sys, threading, time

program, wanted, delay = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
root = os.environ["FIRSTBOOT_ROOT"]
count = 0

def end():
    time.sleep(delay)
    os.kill(os.getpid(), signal.SIGKILL)

def seen(event, arguments):
    global count
    if event == "open":
        path, _, flags = arguments
        if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
            return
    elif event in ("os.rename", "os.chmod", "os.mkdir", "os.remove"):
        path = arguments[0]
    else:
        return
    if not str(path).startswith(root):
        print("outside the root:", event, path, file=sys.stderr)
        return
    count += 1
    if count == wanted:
        if delay:
            threading.Thread(target=end, daemon=True).start()
        else:
            end()

sys.argv = [program]
sys.addaudithook(seen)
try:
    runpy.run_path(program, run_name="__main__")
finally:
    print(count, "operations", file=sys.stderr)
`;

/** Kills at the nth operation, counted from 1; never with 0. `delay`: seconds after it. */
export function killAtOperation(nth: number, delay: number): Preamble {
  return { source, argv: [String(nth), String(delay)] };
}

/** What a run says that was not killed, when it changed nothing outside the root. */
export function operationsIn(said: string): number {
  return Number(/^(\d+) operations$/.exec(said)?.[1]);
}
