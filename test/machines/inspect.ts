import { runPod } from './pods.ts';
import type { Vpc } from './vpc.ts';

/** What a pod with the node's processes and files (read-only) sees there. */
export type Inspection = {
  /** Arguments by the name of the program, as /proc has them. */
  readonly argv: Readonly<Record<string, readonly string[]>>;
  /** `600 root:root`-like, numeric, by path. */
  readonly stat: Readonly<Record<string, string>>;
  readonly content: Readonly<Record<string, string>>;
};

type Wanted = {
  readonly programs: readonly string[];
  readonly paths: readonly string[];
  readonly contents: readonly string[];
};

/** busybox's words for it; each line begins with a tag and the thing that it is about. */
const script = `
for pid in /proc/[0-9]*; do
  name=$(cat $pid/comm 2>/dev/null)
  for program in $PROGRAMS; do
    [ "$name" != "$program" ] || echo "argv $program $(tr '\\0' ' ' <$pid/cmdline)"
  done
done
for path in $PATHS; do echo "stat $path $(stat -c '%a %u:%g' /node$path)"; done
for path in $CONTENTS; do echo "content $path $(base64 -w 0 /node$path)"; done
`;

export async function inspectNode(vpc: Vpc, node: string, { programs, paths, contents }: Wanted): Promise<Inspection> {
  const { log } = await runPod(vpc, {
    name: `inspect-${node}`,
    node,
    script,
    mounts: { '/node': { path: '/', readOnly: true } },
    shares: { hostNetwork: true, hostPID: true },
    env: { PROGRAMS: programs.join(' '), PATHS: paths.join(' '), CONTENTS: contents.join(' ') },
  });
  const tagged = (tag: string) => [...log.matchAll(new RegExp(`^${tag} (\\S+) (.*)$`, 'gm'))];
  const table = <T>(tag: string, value: (text: string) => T) =>
    Object.fromEntries(tagged(tag).map(([, name = '', text = '']) => [name, value(text)]));
  return {
    argv: table('argv', text => text.trim().split(' ')),
    stat: table('stat', text => text),
    content: table('content', text => Buffer.from(text, 'base64').toString()),
  };
}
