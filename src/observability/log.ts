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
  const told = redact(message);
  // The stack begins with the message.
  return { name, message: told, code, stack: stack && redact(stack.replace(message, () => told)), ...cause };
}

/** A text without secrets. A driver may quote a token or a connection address in its message; drizzle quotes the statement's parameters. */
export const redact = (text: string): string =>
  text
    .replace(/xox[a-z]-[\w-]+|xapp-[\w-]+/g, '[token]')
    .replace(/\/\/[^/\s@]+@/g, '//[credentials]@')
    // What people wrote is among the parameters, over any number of lines.
    .replace(/\nparams: .*/s, '');

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
