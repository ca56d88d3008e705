/** The log: one JSON line an event, without secrets and without what users wrote. */
import { LogLevel, type Logger as SlackLogger } from '@slack/bolt';
import { pino } from 'pino';

export type Log = pino.Logger;

/** Serializes an error. Only these fields: others of Slack's and PostgreSQL's errors hold requests, and so tokens. */
function err(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? {} : { cause: err(error.cause) };
  const redacted = redact(message);
  // The stack begins with the message.
  return { name, message: redacted, code, stack: stack && redact(stack.replace(message, () => redacted)), ...cause };
}

/**
 * Removes secrets and what users wrote from a text. A driver may quote a token or a connection address in its message;
 * drizzle quotes the parameters of the statement.
 */
export const redact = (text: string): string =>
  text
    .replace(/xox[a-z]-[\w-]+|xapp-[\w-]+/g, '[token]')
    .replace(/\brg_[\w-]{20,}/g, '[key]')
    .replace(/\/\/[^/\s@]+@/g, '//[credentials]@')
    // Mail servers quote addresses.
    .replace(/[^\s<>"'@/]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b/gi, '[address]')
    // The parameters hold what users wrote, over any number of lines.
    .replace(/\nparams: .*/s, '');

/** Creates a log that writes to standard output. */
export const createLog = (level: string): Log => pino({ level, base: null, serializers: { err } });

/** Returns a logger for Slack's SDK that writes to our log. Its debug lines are dropped: they hold whole requests. */
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
