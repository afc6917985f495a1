/** e_machine of the ELF header, by the name that pins have for it. */
const machines: Readonly<Record<number, string>> = { 62: 'amd64', 183: 'arm64' };

/** What a program needs to be told: magic and e_machine. */
export const elfHeadSize = 20;

/** The machine of an ELF program, from its first bytes: `amd64`, or `ELF machine 40`; undefined for anything else. */
export function elfMachine(head: Uint8Array): string | undefined {
  if (head.length < elfHeadSize || Buffer.from(head.subarray(0, 4)).toString('latin1') !== '\x7fELF') return undefined;
  const machine = Buffer.from(head).readUInt16LE(18);
  return machines[machine] ?? `ELF machine ${machine}`;
}
