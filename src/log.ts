/** What operators read: one JSON line an event, without secrets and without what people wrote. */
import { LogLevel, type Logger as SlackLogger } from '@slack/bolt';
import { pino } from 'pino';

export type Log = pino.Logger;

/** Only these of an error's fields are logged: others of Slack's and PostgreSQL's errors hold requests, and so tokens. */
function err(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? {} : { cause: err(error.cause) };
  return { name, message: redact(message), code, stack: stack && redact(stack), ...cause };
}

/** A driver may quote a token or a connection address in its message; drizzle quotes the statement's parameters. */
const redact = (text: string): string =>
  text
    .replace(/xox[a-z]-[\w-]+|xapp-[\w-]+/g, '[token]')
    .replace(/\/\/[^/\s@]+@/g, '//[credentials]@')
    .replace(/\nparams: [^\n]*/g, '');

export const createLog = (level: string): Log => pino({ level, base: null, serializers: { err } });

/** Slack's SDK writes into our log. Its debug lines hold whole requests, so they end here. */
export function slackLog(log: Log): SlackLogger {
  const line = (parts: unknown[]): string =>
    redact(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
  return {
    debug: () => {},
    info: (...parts) => log.debug({ from: 'slack-sdk' }, line(parts)),
    warn: (...parts) => log.warn({ from: 'slack-sdk' }, line(parts)),
    error: (...parts) => log.error({ from: 'slack-sdk' }, line(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
