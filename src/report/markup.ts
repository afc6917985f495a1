/** Text that is HTML already. */
export type Markup = { readonly markup: string };

type Value = string | number | Markup | readonly Markup[];

/** HTML in which every value is escaped that is not HTML already. For text and for attributes in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const written = values.map((value, index) => `${markupOf(value)}${parts[index + 1]}`);
  return { markup: `${parts[0]}${written.join('')}` };
}

function markupOf(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return 'markup' in value ? value.markup : value.map(one => one.markup).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '');
}

export const none: Markup = { markup: '' };
