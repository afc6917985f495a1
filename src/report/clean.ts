/** CSI and OSC sequences, and the two-character ones (ECMA-48): what systemd and getty send to a terminal. */
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/g;

/** Characters that steer a terminal or hide text: controls, direction marks, halves of surrogate pairs, noncharacters. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]/gu;

/** Text from a machine as a terminal, a page or a JSON document may show it: one line, nothing that steers a terminal. */
export function clean(text: string): string {
  return text.replace(escapes, '').replace(/\s+/g, ' ').replace(invisible, '\uFFFD').trim();
}

/** The lines of a serial console: without escapes and controls, whatever ended them. */
export function consoleLines(text: string): readonly string[] {
  return text
    .replace(escapes, '')
    .split(/[\r\n]+/)
    .map(line => line.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, ''))
    .filter(line => line !== '');
}
