import { CallError } from '../../diagnostics/call-error.ts';

/**
 * The parameters of a request in the Query protocol (Amazon EC2 API Reference, “Query requests”): `Filter.1.Value.2=…`. What
 * nobody has read when the request is understood is refused: a parameter that is silently ignored would be a launch other
 * than the one asked for.
 */
export type Params = {
  readonly action: string;
  readonly text: (name: string) => string | undefined;
  /** Throws MissingParameter. */
  readonly required: (name: string) => string;
  readonly flag: (name: string) => boolean | undefined;
  readonly integer: (name: string) => number | undefined;
  /** The values of NAME.1, NAME.2, … in their order. */
  readonly list: (name: string) => readonly string[];
  /** The structures NAME.1.…, NAME.2.… in their order. */
  readonly members: (name: string) => readonly Params[];
  readonly inside: (name: string) => Params;
  readonly has: (name: string) => boolean;
  /** Throws UnknownParameter for the first that was not read. */
  readonly finish: () => void;
};

/** The body of a request, as a form has it. */
export function readParams(form: string): Params {
  const values = new Map(new URLSearchParams(form));
  const unread = new Set(values.keys());
  const action = values.get('Action') ?? '';
  unread.delete('Action');
  unread.delete('Version');
  return paramsBelow('', { action, values, unread });
}

type Form = {
  readonly action: string;
  readonly values: ReadonlyMap<string, string>;
  readonly unread: Set<string>;
};

function paramsBelow(prefix: string, form: Form): Params {
  const { action, values, unread } = form;
  const text = (name: string) => {
    unread.delete(prefix + name);
    return values.get(prefix + name);
  };
  const numbersOf = (name: string) => numbersBelow(`${prefix}${name}.`, values);
  return {
    action,
    text,
    required(name) {
      const value = text(name);
      if (value !== undefined && value !== '') return value;
      throw refuse(action, 'MissingParameter', `The request must contain the parameter ${prefix}${name}`);
    },
    flag(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
      throw refuse(
        action,
        'InvalidParameterValue',
        `Invalid value '${value}' for ${prefix}${name}. It must be boolean`,
      );
    },
    integer(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (/^-?\d{1,9}$/.test(value)) return Number(value);
      throw refuse(
        action,
        'InvalidParameterValue',
        `Invalid value '${value}' for ${prefix}${name}. It must be an integer`,
      );
    },
    list: name => numbersOf(name).flatMap(number => text(`${name}.${number}`) ?? []),
    members: name => numbersOf(name).map(number => paramsBelow(`${prefix}${name}.${number}.`, form)),
    inside: name => paramsBelow(`${prefix}${name}.`, form),
    has: name => [...values.keys()].some(key => key === prefix + name || key.startsWith(`${prefix}${name}.`)),
    finish() {
      const [first] = unread;
      if (first !== undefined)
        throw refuse(action, 'UnknownParameter', `The parameter ${first} is not recognized by the embedded cloud`);
    },
  };
}

function numbersBelow(start: string, values: ReadonlyMap<string, string>): readonly number[] {
  const numbers = [...values.keys()]
    .filter(key => key.startsWith(start))
    .map(key => Number.parseInt(key.slice(start.length), 10))
    .filter(number => number > 0);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** An error of EC2’s own by which a request is refused before it does anything. */
export function refuse(action: string, code: string, message: string, status = 400): CallError {
  return new CallError('EC2', action, code, message, status);
}
