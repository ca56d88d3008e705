/**
 * Slack's date formats, `{date_short_pretty} at {time}`, in the zone of the machine that runs the page: that is where its
 * reader sits. (Transcripts, ../../text/dates.ts, are in UTC, so that tests read the same everywhere.)
 */

const DAY_MS = 24 * 60 * 60 * 1000;

export function formatDate(unixSeconds: number, format: string, now: number): string {
  const at = new Date(unixSeconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, token: string) => tokenOf(token, at, now) ?? whole);
}

/** `9:41 AM`, as next to a message. */
export function clock(ts: string): string {
  return time(new Date(Number(ts) * 1000));
}

/** `Today`, `Yesterday` or the long date: the line between the messages of two days. */
export function dayOf(ts: string, now: number): string {
  const at = new Date(Number(ts) * 1000);
  const word = relativeDay(at, now);
  return word
    ? word[0]?.toUpperCase() + word.slice(1)
    : `${part(at, { weekday: 'long' })}, ${part(at, { month: 'long' })} ${ordinal(at)}`;
}

function tokenOf(token: string, at: Date, now: number): string | undefined {
  switch (token) {
    case 'date_num':
      return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
    case 'date_slash':
      return `${at.getMonth() + 1}/${at.getDate()}/${at.getFullYear()}`;
    case 'date':
      return `${part(at, { month: 'long' })} ${ordinal(at)}, ${at.getFullYear()}`;
    case 'date_short':
      return part(at, { month: 'short', day: 'numeric', year: 'numeric' });
    case 'date_long':
      return `${part(at, { weekday: 'long' })}, ${part(at, { month: 'long' })} ${ordinal(at)}, ${at.getFullYear()}`;
    case 'time':
      return time(at);
    case 'time_secs':
      return part(at, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
    case 'ago':
      return ago(at, now);
  }
  const pretty = /^(date\w*)_pretty$/.exec(token)?.[1];
  return pretty ? (relativeDay(at, now) ?? tokenOf(pretty, at, now)) : undefined;
}

function part(at: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', options).format(at);
}

function time(at: Date): string {
  return part(at, { hour: 'numeric', minute: '2-digit' });
}

function ordinal(at: Date): string {
  const day = at.getDate();
  const suffix = day % 100 >= 11 && day % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${suffix}`;
}

function relativeDay(at: Date, now: number): string | undefined {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  // Rounded, because a day on which the clocks change is not 24 hours long.
  const days = Math.round((midnight(at) - midnight(new Date(now))) / DAY_MS);
  return { '-1': 'yesterday', '0': 'today', '1': 'tomorrow' }[String(days)];
}

function ago(at: Date, now: number): string {
  const words = new Intl.RelativeTimeFormat('en-US', { numeric: 'auto' });
  const seconds = (at.getTime() - now) / 1000;
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
  return words.format(Math.round(seconds / size), unit);
}
