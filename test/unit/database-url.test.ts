/** DATABASE_URL, as libpq reads it, and what is said of one that cannot be honoured. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { readDatabaseUrl } from '../../src/db/connection/database-url.ts';

const read = (url: string) => {
  const result = readDatabaseUrl(url);
  if (!result.ok) throw new Error(result.mistakes.join('; '));
  return result.address;
};
const mistakes = (url: string) => {
  const result = readDatabaseUrl(url);
  return result.ok ? [] : result.mistakes;
};

const me = userInfo().username;

describe('it reads', () => {
  it.each([
    ['postgres://u:p@h:5433/d', { user: 'u', password: 'p', host: 'h', port: 5433, database: 'd' }],
    ['postgresql://h', { user: me, password: '', host: 'h', port: 5432, database: me }],
    ['postgres://u@h', { user: 'u', database: 'u' }],
    ['postgres:///d', { host: 'localhost', database: 'd' }],
    [' postgres://u:p@h/d \r\n', { database: 'd' }],
    ['postgres://u:%40%2F%3A%25%20p@h/d', { password: '@/:% p' }],
    ['postgres://u:a:b+c#d?e&f@h/d', { password: 'a:b+c#d?e&f', host: 'h', database: 'd' }],
    ['postgres://u@[::1]:5433/d', { host: '::1', port: 5433 }],
    ['postgres://u@[fe80::1%25eth0]/d', { host: 'fe80::1%eth0' }],
    ['postgres://u@%2Fvar%2Frun%2Fpostgresql/d', { host: '/var/run/postgresql' }],
    ['postgres:///d?host=/tmp&port=5433&user=u&password=p%25', { host: '/tmp', port: 5433, user: 'u', password: 'p%' }],
    ['postgres://h?dbname=d', { database: 'd' }],
    ['postgres://h/d?options=-c%20search_path%3Dapp', { options: '-c search_path=app' }],
    ['postgres://h/d?options=endpoint=ep-1', { options: 'endpoint=ep-1' }],
    ['postgres://h/d?application_name=desk&connect_timeout=10', { applicationName: 'desk', connectTimeout: 10_000 }],
    ['postgres://h/d', { tls: { mode: 'prefer' }, connectTimeout: 2_000, options: undefined }],
    ['postgres://h/d?sslmode=disable', { tls: { mode: 'disable' } }],
    ['postgres://h/d?ssl=true', { tls: { mode: 'require' } }],
    ['postgres://h/d?sslmode=verify-full', { tls: { mode: 'verify-full' } }],
    ['postgres://h/d?sslrootcert=system', { tls: { mode: 'verify-full' } }],
    ['postgres://h/d?client_encoding=utf-8&target_session_attrs=read-write&gssencmode=disable', { database: 'd' }],
  ])('%s', (url, expected) => {
    expect(read(url)).toMatchObject(expected);
  });
});

describe('it names, with the fix,', () => {
  it.each([
    ['mysql://h/d', /^a URL such as postgres:\/\//],
    ['"postgres://h/d"', /^a URL such as postgres:\/\//],
    ['', /^a URL such as postgres:\/\//],
    ['postgres://u:50%@h/d', /^the password holds a % .*%25$/],
    ['postgres://u:50%zz@h/d', /^the password holds a % .*%25$/],
    ['postgres://u%:p@h/d', /^the user holds a %/],
    ['postgres://u@h%/d', /^the host holds a %/],
    ['postgres://u@h/d%', /^the database holds a %/],
    ['postgres://u:%00@h/d', /^the password holds %00/],
    ['postgres://u:p/q@h/d', /write a \/ as %2F/],
    ['postgres://u:p/q?r@h/d', /write a \/ as %2F/],
    ['postgres://u:p@q@h/d', /write it as %40/],
    ['postgres://u:p q@h/d', /write a space as %20/],
    ['postgres://u:p@h:port/d', /^the port is a number/],
    ['postgres://u:p@h:0/d', /^the port is a number/],
    ['postgres://u:p@h:65536/d', /^the port is a number/],
    ['postgres://u:p@::1/d', /in brackets/],
    ['postgres://u:p@a,b/d', /several hosts/],
    ['postgres://u:p@a:1,b:2/d', /several hosts/],
    ['postgres:///d?host=a,b', /several hosts/],
    ['postgres://a/d?host=b', /^the host is given twice/],
    ['postgres://h/d?channel_binding=require', /^channel_binding is not supported; remove it: sslmode=verify-full/],
    ['postgres://h/d?pgbouncer=true', /^pgbouncer is not supported; remove it: .*session mode/],
    ['postgres://h/d?schema=app', /^schema is not supported; remove it: .*options=-c%20search_path/],
    ['postgres://h/d?connection_limit=5', /^connection_limit is not supported; remove it$/],
    ['postgres://h/d?statement_timeout=5', /^statement_timeout is not supported; remove it/],
    ['postgres://h/d?whatever=5', /^whatever is not supported; remove it$/],
    ['postgres://h/d?__proto__=5', /^__proto__ is not supported; remove it$/],
    ['postgres://h/d?hunter%32=5', /^a parameter after the \? is not supported/],
    ['postgres://h/d?sslmode=no-verify', /^sslmode is disable or allow or/],
    ['postgres://h/d?sslmode', /^sslmode has no value/],
    ['postgres://h/d?sslmode=require&sslmode=disable', /^sslmode is given twice/],
    ['postgres://h/d?sslmode=require&ssl=true', /^ssl and sslmode are given/],
    ['postgres://h/d?sslmode=require&sslrootcert=system', /^sslrootcert=system goes with sslmode=verify-full/],
    ['postgres://h/d?sslrootcert=/not/there', /^sslrootcert: the file cannot be read \(ENOENT\)/],
    ['postgres://h/d?sslcert=/not/there', /^sslcert and sslkey go together/],
    ['postgres://h/d?sslnegotiation=direct', /^sslnegotiation is postgres/],
    ['postgres://h/d?client_encoding=LATIN1', /^client_encoding is UTF8/],
    ['postgres://h/d?target_session_attrs=standby', /^target_session_attrs is/],
    ['postgres://h/d?connect_timeout=soon', /^connect_timeout is a number/],
  ])('%s', (url, expected) => {
    expect(mistakes(url)).toEqual([expect.stringMatching(expected)]);
  });

  it('everything at once, by variable, and no value, which may be a secret', () => {
    const DATABASE_URL = 'postgres://hunter1:hunter2%@hunter3:x/hunter4?channel_binding=hunter5&sslmode=hunter6';
    const config = readConfig({
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      ADMIN_CHANNEL: 'C0REQUESTS',
      DATABASE_URL,
    });
    if (config.ok) throw new Error('it was taken');
    expect(config.mistakes.map(({ variable }) => variable)).toEqual(Array(4).fill('DATABASE_URL'));
    expect(JSON.stringify(config.mistakes)).not.toContain('hunter');
  });
});

describe('the files that it names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'registrar-url-'));
  const file = (name: string) => join(folder, name);
  beforeAll(() => {
    const make = (name: string) =>
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
          ...['-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
        ],
        { stdio: 'ignore' },
      );
    make('one');
    make('other');
    writeFileSync(file('text'), 'hello');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are read; a root certificate is verified against, also with sslmode=require', () => {
    const url = `postgres://h/d?sslmode=require&sslrootcert=${file('one.crt')}&sslcert=${file('one.crt')}&sslkey=${file('one.key')}`;
    const pem = expect.stringContaining('-----BEGIN');
    expect(read(url).tls).toEqual({ mode: 'verify-ca', ca: pem, cert: pem, key: pem });
  });

  it.each([
    ['a root certificate that is none', 'sslrootcert=text', /^sslrootcert: the file holds no PEM/],
    ['a key that is none', 'sslcert=one.crt&sslkey=text', /^sslkey: the file holds no PEM/],
    ['a key of another certificate', 'sslcert=one.crt&sslkey=other.key', /^sslkey does not fit sslcert/],
  ])('%s is named', (_, query, expected) => {
    const url = `postgres://h/d?${query.replaceAll(/=([\w.]+)/g, (_, name) => `=${file(name)}`)}`;
    expect(mistakes(url)).toEqual([expect.stringMatching(expected)]);
  });
});
