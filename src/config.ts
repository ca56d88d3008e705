/** Reads and checks the environment. All mistakes are reported at once, by variable. README.md has a table of the variables. */
import { validate } from 'node-cron';
import { z } from 'zod';
import { readDatabaseUrl } from './db/connection/database-url.ts';
import type { Policy } from './domain/authorization.ts';
import { msPer } from './domain/duration.ts';
import { approverId, channelId } from './domain/service.ts';

const units = { s: msPer.second, m: msPer.minute, h: msPer.hour, d: msPer.day } as const;

/** Parses `90s`, `15m`, `24h` or `7d` to milliseconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'a duration such as 90s, 15m, 24h or 7d')
  .transform((text) => Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units]);

const flag = z.enum(['true', 'false'], 'true or false').transform((text) => text === 'true');
const channel = z.string().regex(channelId, 'the ID of a channel, such as C0123456789 (not its name)');
const schedule = z.string().refine((text) => validate(text), 'a cron expression, such as 0 9 * * 1-5');
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port number from 0 to 65535')
  .transform(Number)
  .refine((number) => number <= 65_535, 'a port number from 0 to 65535');

const approvers = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  )
  .refine(
    (ids) => ids.every((id) => approverId.test(id)),
    'user IDs (U… or W…) and user group IDs (S…), comma-separated',
  );

const url = (protocols: string[], expected: string) =>
  z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), expected);

const proxy = url(['http:', 'https:'], 'the URL of an HTTP proxy, such as http://proxy.example.com:3128');

const databaseUrl = z
  .string()
  .trim()
  .superRefine((text, { addIssue }) => {
    const read = readDatabaseUrl(text);
    for (const message of read.ok ? [] : read.mistakes) addIssue(message);
  });

/** Intl also takes offsets such as +02:00, which PostgreSQL reads the other way around (https://www.postgresql.org/docs/current/datetime-posix-timezone-specs.html). */
const timeZone = z.string().refine((name) => {
  try {
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}, 'an IANA time zone, such as Europe/Berlin');

const environment = z.object({
  SLACK_BOT_TOKEN: z
    .string('required: the bot token, xoxb-…')
    .regex(/^xoxb-[\w.-]+$/, 'the bot token, which begins with xoxb- and holds letters, digits and hyphens'),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-[\w.-]+$/, 'the app-level token, which begins with xapp- and holds letters, digits and hyphens')
    .optional(),
  SLACK_SIGNING_SECRET: z
    .string()
    .regex(/^[\w.-]{8,}$/, 'the signing secret: at least 8 letters, digits and hyphens')
    .optional(),
  SLACK_API_URL: url(['https:', 'http:'], 'a URL, such as https://slack.com/api/')
    .transform((text) => (text.endsWith('/') ? text : `${text}/`))
    .default('https://slack.com/api/'),
  ADMIN_CHANNEL: z.string('required: the ID of the channel that requests are posted to').pipe(channel),
  APPROVERS: approvers.default([]),
  ALLOW_SELF_APPROVAL: flag.default(false),
  AUTO_APPROVE: flag.default(false),
  DATABASE_URL: databaseUrl.optional(),
  DATA_DIR: z.string().default('.data'),
  CATALOG_FILE: z.string().optional(),
  HOST: z.string().default('0.0.0.0'),
  PORT: port.default(3000),
  METRICS_PORT: port.optional(),
  REMINDER_SCHEDULE: schedule.default('0 9 * * 1-5'),
  REMIND_AFTER: duration.default(msPer.day),
  EXPIRE_PENDING_AFTER: duration.optional(),
  ESCALATION_CHANNEL: channel.optional(),
  DIGEST_SCHEDULE: schedule.optional(),
  TIME_ZONE: timeZone.default('UTC'),
  MAX_PENDING_PER_PERSON: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number, 1 or more')
    .transform(Number)
    .default(20),
  MAX_REQUESTS_PER_HOUR: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number, 1 or more')
    .transform(Number)
    .default(40),
  MAX_APPLICATIONS_PER_PERSON: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number, 1 or more')
    .transform(Number)
    .default(100),
  MAX_ACTS_PER_PERSON: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number, 1 or more')
    .transform(Number)
    .default(300),
  ALLOW_EXTERNAL: flag.default(false),
  SMTP_URL: url(['smtp:', 'smtps:'], 'a URL such as smtps://user@host').optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*[^\s@<]+@[^\s@>]+>?$/, 'the sender of e-mail, such as registrar@example.com')
    .optional(),
  HTTPS_PROXY: proxy.optional(),
  HTTP_PROXY: proxy.optional(),
  NO_PROXY: z.string().optional(),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'a level: fatal, error, warn, info, debug, trace or silent',
    )
    .default('info'),
});

export type Config = z.infer<typeof environment> & {
  /** Who may decide, for services without settings of their own. */
  policy: Policy;
  /** The tokens of gateways by variable, such as GATEWAY_EDGE_TOKEN; the catalog file says which gateways there are. */
  gatewayTokens: ReadonlyMap<string, string>;
};

/** The variables that say where the database is: all that the command-line tools need. */
const databaseOnly = environment.pick({ DATABASE_URL: true, DATA_DIR: true });

/** A mistake in the environment: the variable, and what it should be. Never its value, which may be a secret. */
export type ConfigError = { variable: string; expected: string };

/** Reads and checks all variables. An empty one counts as not set. */
export function readConfig(
  env: Record<string, string | undefined>,
): { ok: true; config: Config } | { ok: false; mistakes: ConfigError[] } {
  const given = nonEmpty(env);
  const parsed = environment.safeParse(given);
  const mistakes = toMistakes(parsed.error, given);
  if (!given.SLACK_APP_TOKEN && !given.SLACK_SIGNING_SECRET) {
    const expected = 'one of the two: an app-level token (xapp-…) for Socket Mode, or the signing secret for HTTP mode';
    mistakes.push({ variable: 'SLACK_APP_TOKEN or SLACK_SIGNING_SECRET', expected });
  }
  if (given.SMTP_URL && !given.MAIL_FROM) {
    mistakes.push({ variable: 'MAIL_FROM', expected: 'the sender of e-mail, needed where SMTP_URL is set' });
  }
  const tokens = gatewayTokensIn(given);
  for (const [variable, token] of tokens)
    if (!/^[\x21-\x7e]+$/.test(token) || inQuotes(token))
      mistakes.push({ variable, expected: `a token${oddCharacters(token)}` });
  if (!parsed.success || mistakes.length > 0) return { ok: false, mistakes };
  const policy = {
    approvers: parsed.data.APPROVERS,
    adminChannel: parsed.data.ADMIN_CHANNEL,
    allowSelfApproval: parsed.data.ALLOW_SELF_APPROVAL,
    allowExternal: parsed.data.ALLOW_EXTERNAL,
  };
  return { ok: true, config: { ...parsed.data, policy, gatewayTokens: tokens } };
}

/** Checks whether Slack is called without TLS at an address of another machine: tokens could be read on the way. */
export function isSlackUnencrypted({ SLACK_API_URL }: Pick<Config, 'SLACK_API_URL'>): boolean {
  const { protocol, hostname } = new URL(SLACK_API_URL);
  return protocol === 'http:' && !/^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

/** Reads and checks only the variables that say where the database is. */
export function readDatabaseConfig(
  env: Record<string, string | undefined>,
): { ok: true; database: z.infer<typeof databaseOnly> } | { ok: false; mistakes: ConfigError[] } {
  const given = nonEmpty(env);
  const parsed = databaseOnly.safeParse(given);
  return parsed.success
    ? { ok: true, database: parsed.data }
    : { ok: false, mistakes: toMistakes(parsed.error, given) };
}

/** Returns the tokens of gateways, by variable. */
export const gatewayTokensIn = (env: Record<string, string | undefined>): Map<string, string> =>
  new Map(
    Object.entries(nonEmpty(env)).flatMap(([name, value]) =>
      /^GATEWAY_[A-Z0-9_]+_TOKEN$/.test(name) && value ? [[name, value]] : [],
    ),
  );

/**
 * Drops empty variables, and the white space, invisible characters and quotes around the others: files and secret stores add a line
 * feed, `docker run --env-file` keeps quotes, chat programs bend them. Variables of proxies may be in lower case, which takes precedence, as in curl and Node.
 */
function nonEmpty(env: Record<string, string | undefined>): Record<string, string | undefined> {
  const all = { ...env };
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) all[name] = env[name.toLowerCase()] || env[name];
  const cleaned = Object.entries(all).map(([name, value = '']) => [name, clean(name, value)] as const);
  return Object.fromEntries(cleaned.filter(([, value]) => value !== ''));
}

const inQuotes = (value: string): boolean => /^(?:(["'`]).+\1|[“”„].+[“”]|[‘’‚].+[‘’])$/s.test(value);

const trim = (value: string): string => value.replace(/^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu, '');

/** Removes quotes, except from the token of a gateway, which can be any text: there they are reported as a mistake. */
function clean(name: string, value: string): string {
  const trimmed = trim(value);
  return inQuotes(trimmed) && !name.startsWith('GATEWAY_') ? trim(trimmed.slice(1, -1)) : trimmed;
}

/** Names characters that are easily overlooked in a value, without showing the value. */
function oddCharacters(value = ''): string {
  const found = [
    /[\r\n]/.test(value) && 'a line break',
    /[^\S\r\n]/.test(value) && 'a space',
    /["'“”„‘’‚`]/.test(value) && 'quotation marks',
    /[<>]/.test(value) && 'angle brackets',
    /[\p{Cc}\p{Cf}]/u.test(value.replace(/\s/g, '')) && 'an invisible character',
    /[^\p{ASCII}“”„‘’‚\p{Cf}\s]/u.test(value) && 'a character that is not ASCII',
  ].filter((one) => one !== false);
  return found.length > 0 ? `; the value contains ${found.join(', ')}` : '';
}

/** The variables whose value has no odd characters, so that they are worth naming. */
const plainValues = /TOKEN|SECRET|CHANNEL|APPROVERS|URL|PORT|_PER_PERSON|_PER_HOUR|AFTER|TIME_ZONE|LOG_LEVEL|PROXY/;

const toMistakes = (error: z.ZodError | undefined, given: Record<string, string | undefined>): ConfigError[] =>
  (error?.issues ?? []).map((issue) => {
    const variable = String(issue.path[0]);
    return {
      variable,
      expected: `${issue.message}${plainValues.test(variable) ? oddCharacters(given[variable]) : ''}`,
    };
  });
