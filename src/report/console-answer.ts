import { isFields } from './event.ts';

/**
 * The consoles in a text: the text itself, or GetConsoleOutput’s answer. The AWS CLI decodes `Output`, the API and most SDKs
 * leave it in base64; `--output text` prints instance ID, output and time with tabs between them.
 */
export function consoleTexts(text: string): readonly string[] {
  const outputs = outputsOf(parsed(text));
  return (outputs.length > 0 ? outputs : [text]).map(decoded);
}

function parsed(text: string): unknown {
  if (!/^\s*["[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `--query Output` gives the text alone; several answers may stand in a list. */
function outputsOf(answer: unknown): readonly string[] {
  if (typeof answer === 'string') return [answer];
  if (Array.isArray(answer)) return answer.flatMap(outputsOf);
  return isFields(answer) && typeof answer.Output === 'string' ? [answer.Output] : [];
}

/** Base64 of a console, alone or between tabs, in one line or wrapped as `base64` does; anything else as it is. */
function decoded(text: string): string {
  if (text.includes('firstboot: {')) return text;
  const parts = text.split('\t').map(part => part.replace(/\s/g, ''));
  const found = parts.find(part => /^[A-Za-z0-9+/]{40,}={0,2}$/.test(part));
  return found === undefined ? text : Buffer.from(found, 'base64').toString('utf8');
}
