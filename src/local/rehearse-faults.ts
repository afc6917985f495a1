import type { Manifest } from '../emit/read-user-data.ts';
import type { BootPhase } from '../report/report.ts';
import type { FaultName } from './fault-table.ts';
import { type Fault, phaseOf } from './faults.ts';

/** Python for `python3 -c`, which gets the program's path and `argv`, and runs the program with runpy. */
export type Preamble = { readonly source: string; readonly argv: readonly string[] };

/**
 * Runs the program unchanged after setting its clock back, and makes the disk full when the line of a phase's start passes.
 * An ordinary user can fill no disk of their own everywhere (a small tmpfs needs a user namespace, which Ubuntu 24.04 and many
 * containers refuse), so it is the limit of a file's size: the kernel refuses the write with EFBIG where a full disk says ENOSPC.
 */
const source = `
import re, resource, runpy, sys, time

program, behind, phase = sys.argv[1], float(sys.argv[2]), sys.argv[3]
now, gmtime, localtime = time.time, time.gmtime, time.localtime
time.time = lambda: now() - behind
time.time_ns = lambda: int(time.time() * 1e9)
time.gmtime = lambda seconds=None: gmtime(time.time() if seconds is None else seconds)
time.localtime = lambda seconds=None: localtime(time.time() if seconds is None else seconds)

class Console:
    def __init__(self, stream):
        self.stream = stream
    def write(self, text):
        if all(re.search('"%s": ?"%s"' % one, text) for one in (("phase", phase), ("status", "start"))):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return self.stream.write(text)
    def __getattr__(self, name):
        return getattr(self.stream, name)

sys.stdout = Console(sys.stdout)
sys.argv = [program]
runpy.run_path(program, run_name="__main__")
`;

/** Seconds before the certificate begins to be valid. */
const margin = 3600;

/** The faults of the boot program's own process (those of the servers are in faults.ts). `now`: milliseconds since 1970. */
export function preambleOf(faults: readonly Fault[], { certificate }: Manifest, now: number): Preamble | undefined {
  const [full] = named(faults, 'disk-full');
  const [clock] = named(faults, 'clock-behind');
  if (!full && !clock) return undefined;
  const begins = Date.parse(certificate?.notBefore ?? '') || now;
  const behind = clock ? Math.max(0, (now - begins) / 1000) + margin : 0;
  return { source, argv: [String(behind), full ? phaseOf(full) : '-'] };
}

/** The phases at whose start the program is killed, each once for each `--fault kill`. */
export function killsOf(faults: readonly Fault[]): readonly BootPhase[] {
  return named(faults, 'kill').map(phaseOf);
}

function named(faults: readonly Fault[], name: FaultName): readonly Fault[] {
  return faults.filter(fault => fault.name === name);
}
