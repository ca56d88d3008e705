/**
 * Parses DATABASE_URL like libpq (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS). A part that
 * Registrar does not support is a mistake with its fix, and is never sent to PostgreSQL as a setting. Mistakes do not repeat values,
 * which may be secrets.
 */
import { userInfo } from 'node:os';
import { readTls, type Tls } from './tls.ts';

/** The address of a database, with the user and the TLS mode. */
export type DatabaseAddress = {
  /** A name, an address, or the folder of a Unix socket, which begins with a slash. */
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  tls: Tls;
  /** Command-line options for the session, such as `-c search_path=registrar`. */
  options: string | undefined;
  applicationName: string | undefined;
  /** How long opening a session may take, in milliseconds. */
  connectTimeout: number;
};

/** An invalid DATABASE_URL that the caller did not check first. */
export class DatabaseUrlError extends Error {}

/** In milliseconds. People get a response within three seconds; a database that needs longer sets it in its URL. */
const usualConnectTimeout = 2_000;

const example = 'a URL such as postgres://user@host/database';

type Parts = { user: string; password: string; host: string; port: string; database: string; query: string };

/** Parses a URL, or returns all its mistakes. */
export function readDatabaseUrl(
  text: string,
): { ok: true; address: DatabaseAddress } | { ok: false; mistakes: string[] } {
  const mistakes: string[] = [];
  const parts = split(text.trim(), mistakes);
  if (!parts) return { ok: false, mistakes };
  const decoded = (part: string, what: string): string => decode(part, what, mistakes);
  const given = parametersIn(parts.query, mistakes);
  const one = (name: 'user' | 'password' | 'host' | 'port', what: string): string => {
    const parameter = given.get(name);
    if (parameter !== undefined && parts[name] !== '') mistakes.push(`${what} is given twice; keep one of the two`);
    return parameter ?? decoded(parts[name], what);
  };
  const user = one('user', 'the user') || userInfo().username;
  const host = one('host', 'the host') || 'localhost';
  const port = one('port', 'the port') || '5432';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    mistakes.push('the port is a number from 1 to 65535');
  }
  if (host.includes(',')) mistakes.push('it names several hosts; name one, which leads to the one that can be written');
  const password = one('password', 'the password');
  const database = given.get('dbname') ?? decoded(parts.database, 'the database');
  const tls = readTls(given, mistakes);
  if (mistakes.length > 0) return { ok: false, mistakes };
  return {
    ok: true,
    address: {
      host,
      port: Number(port),
      database: database || user,
      user,
      password,
      tls,
      options: given.get('options'),
      applicationName: given.get('application_name') ?? given.get('fallback_application_name'),
      connectTimeout: Number(given.get('connect_timeout') ?? 0) * 1_000 || usualConnectTimeout,
    },
  };
}

/** Parses a URL that was checked before. Throws a `DatabaseUrlError`. */
export function databaseAddress(url: string): DatabaseAddress {
  const read = readDatabaseUrl(url);
  if (!read.ok) throw new DatabaseUrlError(`DATABASE_URL: ${read.mistakes.join('; ')}`);
  return read.address;
}

/** Splits a URL into its parts, still encoded. */
function split(text: string, mistakes: string[]): Parts | undefined {
  const wrong = (mistake: string): undefined => void mistakes.push(mistake);
  const rest = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text)?.[1];
  if (rest === undefined) return wrong(example);
  if (/[\s\p{Cc}]/u.test(rest)) return wrong('it holds a space or a line break; write a space as %20');
  const credentials = /^([^@/]*)@/.exec(rest)?.[1];
  const after = credentials === undefined ? rest : rest.slice(credentials.length + 1);
  const [, authority = '', database = '', query = ''] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(after) ?? [];
  if (authority.includes('@')) return wrong('the user or the password holds an @; write it as %40');
  if (database.includes('@') || query.includes('@'))
    return wrong('a part of it holds a / or an @; write a / as %2F and an @ as %40');
  const place = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(authority);
  if (!place && authority.includes(','))
    return wrong('it names several hosts; name one, which leads to the one that can be written');
  if (!place) return wrong('the host is a name or an address; one of IPv6 is in brackets, such as [::1]:5432');
  const [user = '', ...password] = (credentials ?? '').split(':');
  const host = place[1] ?? place[2] ?? '';
  return { user, password: password.join(':'), host, port: place[3] ?? '', database, query };
}

function decode(text: string, what: string, mistakes: string[]): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes('\0')) return decoded;
    mistakes.push(`${what} holds %00, which PostgreSQL does not know`);
  } catch {
    mistakes.push(`${what} holds a % that begins no character; write a % itself as %25`);
  }
  return '';
}

const unsupported = 'is not supported; remove it';
const inOptions = (name: string) => `settings of a session go into options, such as options=-c%20${name}%3Dvalue`;

/** The fix for parameters that other programs know, where it is not just to remove them. */
const advice: Record<string, string> = {
  channel_binding: 'sslmode=verify-full protects the password against a server that pretends',
  hostaddr: 'write the address as the host',
  passfile: 'write the password into the URL',
  pgbouncer: 'Registrar needs sessions: name PostgreSQL itself, or a pooler in session mode',
  prepared_statements: 'Registrar needs sessions: name PostgreSQL itself, or a pooler in session mode',
  requiressl: 'write sslmode=require',
  schema: inOptions('search_path'),
  search_path: inOptions('search_path'),
  currentschema: inOptions('search_path'),
  service: 'write its values into the URL',
  sslaccept: 'write sslmode=require or sslmode=verify-full',
  statement_timeout: 'Registrar sets its own limits on each session',
  timezone: 'Registrar sets its own on each session',
};

const anyText = () => undefined;
const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value) ? undefined : `is ${values.join(' or ')}, or left out`;

/** Checks the value of each supported parameter; returns what is wrong with it. */
const supported: Record<string, (value: string) => string | undefined> = {
  host: anyText,
  port: anyText,
  user: anyText,
  password: anyText,
  dbname: anyText,
  sslmode: oneOf('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'),
  ssl: oneOf('true', 'false'),
  sslrootcert: anyText,
  sslcert: anyText,
  sslkey: anyText,
  sslpassword: anyText,
  sslnegotiation: oneOf('postgres'),
  gssencmode: oneOf('disable', 'prefer'),
  application_name: anyText,
  fallback_application_name: anyText,
  options: anyText,
  client_encoding: (value) => (/^(auto|utf-?8|unicode)$/i.test(value) ? undefined : 'is UTF8, or left out'),
  target_session_attrs: oneOf('any', 'read-write', 'primary'),
  connect_timeout: (value) => (/^[1-9]\d?$/.test(value) ? undefined : 'is a number of seconds from 1 to 99'),
};

function parametersIn(query: string, mistakes: string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (const pair of query.split('&').filter((one) => one !== '')) {
    const [encoded = '', ...values] = pair.split('=');
    const name = /^\w{1,40}$/.test(encoded) ? encoded : '';
    const check = Object.hasOwn(supported, name) ? supported[name] : undefined;
    if (!check) {
      const more = Object.hasOwn(advice, name.toLowerCase()) ? `: ${advice[name.toLowerCase()]}` : '';
      mistakes.push(`${name || 'a parameter after the ?'} ${unsupported}${more}`);
      continue;
    }
    const value = decode(values.join('='), name, mistakes);
    const wrong = values.length === 0 || value === '' ? 'has no value' : check(value);
    if (wrong) mistakes.push(`${name} ${wrong}`);
    if (given.has(name)) mistakes.push(`${name} is given twice; keep one of the two`);
    given.set(name, value);
  }
  return given;
}
