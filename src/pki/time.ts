import { type Cursor, enter, malformed, peek, rest, tags } from './der.ts';

/** UTCTime or GeneralizedTime in the one form that RFC 5280 (and Go) allows, Zulu with seconds; milliseconds since 1970. */
export function readTime(cursor: Cursor, what: string): number {
  const tag = peek(cursor);
  if (tag !== tags.utcTime && tag !== tags.generalizedTime) malformed(`${what} is no time`);
  const text = Buffer.from(rest(enter(cursor, tag, what))).toString('latin1');
  const form =
    tag === tags.utcTime ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const parts = form.exec(text);
  if (!parts) malformed(`${what} is not in UTC with seconds`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  // Two digits of a year mean 1950 to 2049 (RFC 5280, 4.1.2.5.1).
  const fullYear = tag === tags.generalizedTime ? year : year >= 50 ? 1900 + year : 2000 + year;
  const time = new Date(0);
  time.setUTCFullYear(fullYear, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const valid =
    time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!valid) malformed(`${what} is no date of the calendar`);
  return time.getTime();
}
