/** EC2 keeps the last 64 KB (EC2 API Reference, GetConsoleOutput). */
const most = 64 << 10;

/** The end of a console, whole lines. */
export function consoleEnd(text: string): string {
  if (text.length <= most) return text;
  const end = text.slice(-most);
  return end.slice(end.indexOf('\n') + 1);
}
