/** Slack's date tokens, read in UTC (docs.slack.dev/messaging/formatting-message-text#date-formatting). */

/** Made once each: making one takes longer than reading a whole message. */
function written(options: Intl.DateTimeFormatOptions): (at: Date) => string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
  return (at) => format.format(at);
}

const DAY = 86_400_000;

function near(at: Date, now: number): string | undefined {
  const days = Math.floor(at.getTime() / DAY) - Math.floor(now / DAY);
  return { '-1': 'yesterday', '0': 'today', '1': 'tomorrow' }[String(days)];
}

function ago(at: Date, now: number): string {
  const seconds = Math.round((at.getTime() - now) / 1000);
  const [unit, length] = (
    [
      ['day', 86_400],
      ['hour', 3_600],
      ['minute', 60],
    ] as const
  ).find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return new Intl.RelativeTimeFormat('en-US').format(Math.trunc(seconds / length), unit);
}

const long = written({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });
const longFull = written({ month: 'long', day: 'numeric', year: 'numeric' });
const monthDay = written({ month: 'long', day: 'numeric' });
const short = written({ month: 'short', day: 'numeric', year: 'numeric' });
const iso = (at: Date) => at.toISOString();

const tokens: Record<string, (at: Date, now: number) => string> = {
  date_num: (at) => iso(at).slice(0, 10),
  date_slash: written({ day: '2-digit', month: '2-digit', year: 'numeric' }),
  date_long: long,
  date_long_full: longFull,
  date_long_pretty: (at, now) => near(at, now) ?? long(at),
  date: monthDay,
  date_pretty: (at, now) => near(at, now) ?? monthDay(at),
  date_short: short,
  date_short_pretty: (at, now) => near(at, now) ?? short(at),
  day_divider_pretty: (at, now) => near(at, now) ?? long(at),
  time: (at) => iso(at).slice(11, 16),
  time_secs: (at) => iso(at).slice(11, 19),
  ago,
};

export function dateText(timestamp: number, template: string, now: number): string {
  const at = new Date(timestamp * 1000);
  return template.replace(/\{(\w+)\}/g, (whole, token: string) => tokens[token]?.(at, now) ?? whole);
}
