/** The databases that operators have: other people's roles, settings, schemas, certificates and poolers. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { databaseAddress } from '../../src/db/connection/database-url.ts';
import { openSession } from '../../src/db/connection/session.ts';
import { databaseConfigError } from '../../src/db/errors.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { checkTimeZone, readRequirements } from '../../src/db/requirements.ts';
import { applications, services } from '../../src/db/schema/core.ts';
import { search } from '../../src/db/service/picker-search.ts';
import {
  type DebianPostgres,
  startPgBouncer,
  startPostgres,
  withoutPgBouncer,
  withoutPostgres,
} from '../support/debian.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

/** Starts with this database. Returns the error that it ends with; undefined where it goes on. */
async function startSays(url: string): Promise<string | undefined> {
  try {
    await migrateDatabase(url);
    return undefined;
  } catch (error) {
    const said = databaseConfigError(error);
    if (said === undefined) throw error;
    return said;
  }
}

/** The database is of use: rows are written, read and searched. */
async function works(url: string): Promise<void> {
  const { tables, close } = connect(url);
  try {
    await tables.transaction(async (tx) => {
      await tx
        .insert(services)
        .values({ slug: 'pay', name: 'Payments', managedBy: 'slack', approvers: ['U0A', 'U "B'] });
      await tx
        .insert(applications)
        .values({ name: 'Shop', createdBy: 'U0DANA', createdAt: new Date('2026-02-03T04:05:06Z') });
    });
    const [service] = await tables.select().from(services).where(sql`${services.search} like '%payme%'`);
    expect(service?.approvers).toEqual(['U0A', 'U "B']);
    const [application] = await tables.select().from(applications);
    expect(application?.createdAt).toEqual(new Date('2026-02-03T04:05:06Z'));
    await tables.delete(services);
    await tables.delete(applications);
  } finally {
    await close();
  }
}

/** Of a role or a database: each would have the bot read or wait otherwise. */
const strange = {
  datestyle: "'German'",
  intervalstyle: 'sql_standard',
  timezone: "'America/St_Johns'",
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  search_path: 'nowhere',
  client_encoding: 'latin1',
  statement_timeout: "'1h'",
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '60000',
  quote_all_identifiers: 'on',
  gin_fuzzy_search_limit: '1',
};

/** Of a role or a database: none of these may make a difference. */
const harmless = {
  backslash_quote: 'off',
  check_function_bodies: 'off',
  client_min_messages: 'debug1',
  default_text_search_config: "'pg_catalog.turkish'",
  enable_indexscan: 'off',
  lc_messages: "'C.UTF-8'",
  lc_numeric: "'C.UTF-8'",
  'plpgsql.variable_conflict': 'use_column',
  'plpgsql.extra_errors': "'all'",
  plan_cache_mode: 'force_generic_plan',
  row_security: 'off',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'registrar-databases-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

if (withoutPostgres) console.warn(`test/operations/databases.test.ts is skipped: ${withoutPostgres}`);
else if (withoutPgBouncer)
  console.warn(`the poolers of test/operations/databases.test.ts are skipped: ${withoutPgBouncer}`);

describe.skipIf(withoutPostgres)('roles and settings', () => {
  let server: DebianPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A role and a database of its own name; the role owns nothing. */
  async function createRole(name: string, settings: Record<string, string> = {}): Promise<string> {
    await server.sql.unsafe(`create role ${name} login`);
    await server.sql.unsafe(`create database ${name}`);
    for (const [setting, value] of Object.entries(settings)) {
      await server.sql.unsafe(`alter role ${name} set ${setting} = ${value}`);
    }
    return server.url(name, name);
  }

  const asOwner = async (database: string, ...statements: string[]) => {
    const session = await openSession(databaseAddress(server.url('owner', database)), {
      applicationName: 'test',
      settings: {},
      writes: true,
    });
    for (const statement of statements) await session.query(statement);
    await session.close();
  };

  it('a role that may do nothing is told what it lacks; what doctor and the start say is the same, and enough', async () => {
    const url = await createRole('stranger');
    const said = await startSays(url);
    expect(said).toMatch(/^migrations: \d+ to apply, and the user of DATABASE_URL can’t create tables in public\./);
    expect(said).toContain('GRANT CREATE ON SCHEMA public TO stranger');
    expect(said).toContain('GRANT CREATE ON DATABASE stranger TO stranger');
    const { mistakes } = await readRequirements(url);
    expect(mistakes.map(({ about, what }) => `${about}: ${what}`).join('\n')).toBe(said);
    await asOwner('stranger', ...(said?.match(/GRANT [^.,:]*/g) ?? []));
    expect(await startSays(url)).toBeUndefined();
    await works(url);
  });

  it('a role that owns nothing runs on what the owner migrates, as the docs say', async () => {
    const url = await createRole('registrar_bot');
    const page = readFileSync(new URL('../../docs/operations-databases.md', import.meta.url), 'utf8');
    const program = fileURLToPath(new URL('../../src/cli/migrate.ts', import.meta.url));
    const migrate = (as: string) =>
      spawnSync(process.execPath, [program], {
        env: { DATABASE_URL: server.url(as, 'registrar_bot') },
        encoding: 'utf8',
      });
    expect(migrate('owner')).toMatchObject({ status: 0, stdout: 'The database is up to date.\n' });
    expect(migrate('registrar_bot')).toMatchObject({ status: 1, stderr: expect.stringMatching(/lacks a privilege/) });
    const grants = /```sql\n([^`]*)```/.exec(page)?.[1]?.split(';') ?? [];
    const revoke = /`(REVOKE [^`]*)`/.exec(page)?.[1] ?? '';
    await asOwner('registrar_bot', ...[...grants, revoke].filter((one) => one.trim() !== ''));
    expect(await startSays(url)).toBeUndefined();
    expect(migrate('registrar_bot')).toMatchObject({ status: 0 });
    await works(url);
  });

  it('a table that the role may not write is named', async () => {
    const url = await createRole('reader');
    await migrateDatabase(server.url('owner', 'reader'));
    await asOwner(
      'reader',
      'grant usage on schema drizzle to reader',
      'grant select on all tables in schema drizzle to reader',
      'grant select, insert, update, delete on all tables in schema public to reader',
      'revoke update on registrations from reader',
    );
    expect(await startSays(url)).toBe(
      'migrations: the user lacks UPDATE on registrations. Grant it to reader: docs/operations-databases.md has the statements.',
    );
  });

  it('tables and pg_trgm may be in schemas of their own, and are found when the search_path has changed', async () => {
    const url = await createRole('apart', { search_path: 'desk' });
    await asOwner(
      'apart',
      'create schema extensions',
      'create extension pg_trgm schema extensions',
      'grant usage on schema extensions to apart',
      'create schema desk authorization apart',
    );
    expect(await startSays(url)).toBeUndefined();
    await works(url);
    for (const path of ['public', '"$user"', "''", 'nowhere', 'pg_catalog']) {
      await server.sql.unsafe(`alter role apart set search_path = ${path}`);
      expect(await startSays(url)).toBeUndefined();
      await works(url);
    }
  });

  it('time limits of the role end no migration', async () => {
    const limits = { statement_timeout: '1', lock_timeout: '1', idle_in_transaction_session_timeout: '1' };
    const url = await createRole('hurried', limits);
    await server.sql`alter database hurried owner to hurried`;
    expect(await startSays(url)).toBeUndefined();
    await works(url);
  });

  it('every setting that the reading hangs on is set on every session', async () => {
    const url = await createRole('strange', strange);
    await server.sql`alter database strange owner to strange`;
    expect(await startSays(url)).toBeUndefined();
    const { tables, close } = connect(url);
    const read = () =>
      tables.execute<{ name: string; setting: string }>(sql`
        select name, setting from pg_settings where name ilike any (string_to_array(${Object.keys(strange).join()}, ','))`);
    const all = await Promise.all([1, 2, 3, 4].map(read));
    for (const rows of all) {
      expect(Object.fromEntries(rows.map(({ name, setting }) => [name.toLowerCase(), setting]))).toEqual({
        datestyle: 'ISO, YMD',
        intervalstyle: 'postgres',
        timezone: 'UTC',
        default_transaction_isolation: 'read committed',
        default_transaction_deferrable: 'off',
        bytea_output: 'hex',
        extra_float_digits: '1',
        standard_conforming_strings: 'on',
        array_nulls: 'on',
        transform_null_equals: 'off',
        search_path: 'public',
        client_encoding: 'UTF8',
        statement_timeout: '5000',
        lock_timeout: '3000',
        idle_in_transaction_session_timeout: '10000',
        idle_session_timeout: '0',
        quote_all_identifiers: 'off',
        gin_fuzzy_search_limit: '0',
      });
    }
    await close();
    await works(url);
  });

  it('a time zone that PostgreSQL does not have is named; those that Node has are there', async () => {
    const { tables, close } = connect(await createRole('zones'));
    await expect(checkTimeZone({ tables }, 'Mars/Olympus')).rejects.toThrow(
      'TIME_ZONE: PostgreSQL does not know Mars/Olympus. Name another one.',
    );
    const unknown: string[] = [];
    for (const zone of ['UTC', 'EST', 'PST8PDT', 'Etc/GMT+2', ...Intl.supportedValuesOf('timeZone')])
      await checkTimeZone({ tables }, zone).catch(() => unknown.push(zone));
    expect(unknown).toEqual([]);
    await close();
  });

  it('settings that nothing hangs on make no difference', async () => {
    const url = await createRole('harmless', harmless);
    await server.sql`alter database harmless owner to harmless`;
    expect(await startSays(url)).toBeUndefined();
    await works(url);
    expect(await startSays(url)).toBeUndefined();
  });

  it('triggers that are switched off are named: the record is chained by one', async () => {
    const url = await createRole('replica');
    await server.sql`alter database replica owner to replica`;
    await server.sql`alter role replica set session_replication_role = 'replica'`;
    expect(await startSays(url)).toBe(
      'database: session_replication_role is replica, and triggers keep the record. Reset it: ALTER ROLE replica RESET session_replication_role.',
    );
  });

  it('a listener that PostgreSQL ends listens again, and says that it may have missed something', async () => {
    const url = await createRole('listener');
    const { tables, listen, close } = connect(url);
    const heard: string[] = [];
    let begun = 0;
    await listen(
      'news',
      (payload) => heard.push(payload),
      () => {
        begun += 1;
      },
    );
    await server.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'listener'`;
    await eventually('it has begun again', async () => begun > 1);
    await eventually('it hears', async () => {
      await tables.execute(sql`select pg_notify('news', 'hello')`);
      return heard.includes('hello');
    });
    await close();
  });

  it.each([
    ['LATIN1', /^database: the database is encoded in LATIN1, .*ENCODING 'UTF8'/],
    ['SQL_ASCII', /^database: the database is encoded in SQL_ASCII, .*ENCODING 'UTF8'/],
  ])('a database in %s is refused by name', async (encoding, expected) => {
    await server.sql.unsafe(`create database in_${encoding} encoding '${encoding}' template template0`);
    expect(await startSays(server.url('owner', `in_${encoding}`.toLowerCase()))).toMatch(expected);
  });

  it('a database that can only be read is refused by name', async () => {
    const url = await createRole('readonly', { default_transaction_read_only: 'on' });
    expect(await startSays(url)).toMatch(/^DATABASE_URL: the database can only be read .*25006/);
  });

  it('a database that a newer Registrar has migrated is refused, with the time of the migration', async () => {
    const url = await createRole('newer');
    await server.sql`alter database newer owner to newer`;
    expect(await startSays(url)).toBeUndefined();
    await asOwner('newer', `insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 4102444800000)`);
    expect(await startSays(url)).toMatch(
      /^migrations: the database was migrated by a newer version of Registrar \(on 2100-01-01T00:00\)/,
    );
  });

  it.each([
    ['English letters only', 'c', "locale 'C'"],
    ['Turkish', 'turkish', "locale_provider icu icu_locale 'tr' locale 'C'"],
  ])('case is ignored alike in a database whose locale knows %s', async (_, name, locale) => {
    await server.sql.unsafe(`create database in_${name} ${locale} template template0`);
    const url = server.url('owner', `in_${name}`);
    expect(await startSays(url)).toBeUndefined();
    const { tables, close } = connect(url);
    const db = { tables, outbox: createOutbox({ mail: false }) };
    await tables.insert(services).values({ slug: 'ist', name: 'ISTANBUL ÉTÉ Приём', managedBy: 'slack' });
    for (const typed of ['istanbul', 'ISTANBUL', 'été', 'ÉTÉ', 'ПРИЁМ', 'istanbul é', 'tanbul']) {
      expect([typed, (await search(db, typed, 10)).map(({ slug }) => slug)]).toEqual([typed, ['ist']]);
    }
    const make = (name: string) =>
      tables.insert(applications).values({ name, createdBy: 'U0DANA', createdAt: new Date() });
    for (const [one, same] of [
      ['ÉTÉ', 'été'],
      ['API', 'api'],
      ['Приём', 'ПРИЁМ'],
    ] as const) {
      await make(one);
      await expect(make(same)).rejects.toMatchObject({ cause: { code: '23505' } });
    }
    await close();
  });

  it('its socket is a host too', async () => {
    const url = await createRole('local');
    await server.sql`alter database local owner to local`;
    const [, , , at] = url.split('/');
    const encoded = `postgres://local@${encodeURIComponent(server.folder)}:${server.port}/${at}?sslmode=verify-full`;
    expect(await startSays(encoded)).toBeUndefined();
    await works(`postgres:///${at}?host=${server.folder}&port=${server.port}&user=local`);
  });

  it.each([
    [
      'nobody',
      'postgres',
      /^DATABASE_URL: the user is not allowed to connect \(PostgreSQL says: role "nobody" does not exist, 28000\)/,
    ],
    [
      'owner',
      'nowhere',
      /^DATABASE_URL: there is no such database \(PostgreSQL says: database "nowhere" does not exist, 3D000\)/,
    ],
    ['owner', 'postgres?options=-c%20nonsense', /^The database cannot be used \(PostgreSQL says: .*42601/],
    [
      'owner',
      'postgres?options=-c%20nothing%3D1',
      /^The database cannot be used \(PostgreSQL says: .*"nothing", 42704\)/,
    ],
  ])('%s at %s ends the start with what PostgreSQL says', async (user, database, expected) => {
    expect(await startSays(server.url(user, database))).toMatch(expected);
  });
});

describe.skipIf(withoutPostgres)('TLS', () => {
  let server: DebianPostgres;
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  const authority = (name: string) =>
    openssl('req', '-x509', ...key(name), '-days', '2', '-subj', `/CN=${name}`, '-out', `${name}.crt`);
  const certify = (name: string, subject: string, names: string) => {
    openssl('req', ...key(name), '-subj', `/CN=${subject}`, '-out', `${name}.csr`);
    writeFileSync(file('names'), names);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'],
      ...['-extfile', 'names', '-out', `${name}.crt`],
    );
  };

  beforeAll(async () => {
    authority('ca');
    authority('other');
    certify('server', 'localhost', 'subjectAltName=DNS:localhost');
    certify('client', 'certified', 'extendedKeyUsage=clientAuth');
    const text = (name: string) => readFileSync(file(name), 'utf8');
    server = await startPostgres({
      hba: `hostssl all certified all cert
hostssl all encrypted all trust
hostnossl all plain all trust
host all either all trust`,
      settings: { ssl: 'on', ssl_ca_file: 'ca.crt' },
      files: { 'server.crt': text('server.crt'), 'server.key': text('server.key'), 'ca.crt': text('ca.crt') },
    });
    for (const role of ['certified', 'encrypted', 'plain', 'either'])
      await server.sql.unsafe(`create role ${role} login`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Whether the session is encrypted, or what the operator is told. */
  async function encrypted(url: string): Promise<boolean | string> {
    try {
      const session = await openSession(databaseAddress(url), { applicationName: 'test', settings: {}, writes: true });
      const [row] = await session.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      await session.close();
      return row?.ssl === true;
    } catch (error) {
      return databaseConfigError(error) ?? String(error);
    }
  }

  const refused = /^DATABASE_URL: the certificate of the server is not accepted/;
  const noLine = /^DATABASE_URL: the user is not allowed to connect .*no pg_hba\.conf entry/;
  it.each<[string, string, boolean | RegExp]>([
    ['either', '', true],
    ['either', '?sslmode=disable', false],
    ['either', '?sslmode=allow', false],
    ['either', '?sslmode=prefer', true],
    ['either', '?sslmode=require', true],
    ['either', '?ssl=true', true],
    ['either', '?sslmode=verify-ca&sslrootcert=CA', true],
    ['either', '?sslmode=verify-full&sslrootcert=CA', true],
    ['either', '?sslmode=require&sslrootcert=CA', true],
    ['either', '?sslmode=require&sslrootcert=OTHER', refused],
    ['either', '?sslmode=verify-ca&sslrootcert=OTHER', refused],
    ['either', '?sslmode=verify-full&sslrootcert=OTHER', refused],
    ['either', '?sslmode=verify-full', refused],
    ['either', '?sslrootcert=system', refused],
    ['encrypted', '?sslmode=disable', noLine],
    ['encrypted', '?sslmode=allow', true],
    ['encrypted', '', true],
    ['plain', '?sslmode=require', noLine],
    ['plain', '?sslmode=allow', false],
    ['plain', '', false],
    ['certified', '?sslmode=verify-full&sslrootcert=CA&sslcert=CERT&sslkey=KEY', true],
    ['certified', '?sslmode=verify-full&sslrootcert=CA', /requires a valid client certificate/],
  ])('%s %s: %s', async (user, query, expected) => {
    const paths = { OTHER: 'other.crt', CERT: 'client.crt', KEY: 'client.key', CA: 'ca.crt' };
    const filled = Object.entries(paths).reduce(
      (text, [word, name]) => text.replace(`=${word}`, `=${file(name)}`),
      query,
    );
    const found = await encrypted(server.url(user, 'postgres', filled));
    if (typeof expected === 'boolean') expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });

  it('verify-full wants the name that is in the certificate, and verify-ca does not', async () => {
    const at = (mode: string) =>
      server
        .url('either', 'postgres', `?sslmode=${mode}&sslrootcert=${file('ca.crt')}`)
        .replace('localhost', '127.0.0.1');
    expect(await encrypted(at('verify-full'))).toMatch(refused);
    expect(await encrypted(at('verify-ca'))).toBe(true);
  });

  it('a server without TLS is named where it is asked for, and nothing is sent to it', async () => {
    await using without = await startPostgres();
    expect(await encrypted(without.url('owner', 'postgres', '?sslmode=require'))).toMatch(
      /^DATABASE_URL: sslmode asks for TLS .*Switch TLS on/,
    );
    expect(await encrypted(without.url('owner', 'postgres'))).toBe(false);
  });
});

describe.skipIf(withoutPgBouncer)('PgBouncer', () => {
  let server: DebianPostgres;
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: '60' } });
    await server.sql`create database pooled`;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const behind = () => ({ host: server.folder, port: server.port, user: 'owner' });

  it('in session mode serves everything, as its package sets it up', async () => {
    await using pooler = await startPgBouncer(behind(), { pool_mode: 'session' });
    const url = pooler.url('owner', 'pooled');
    expect(await startSays(url)).toBeUndefined();
    await works(url);
    const { tables, listen, close } = connect(url);
    const heard = Promise.withResolvers<string>();
    await listen('news', heard.resolve, () => {});
    await tables.transaction((tx) => tx.execute(sql`select pg_notify('news', 'hello')`));
    expect(await heard.promise).toBe('hello');
    const all = Array.from({ length: 40 }, (_, n) => tables.execute<{ n: number }>(sql`select ${n}::int as n`));
    expect((await Promise.all(all)).flat().map(({ n }) => n)).toEqual(all.map((_, n) => n));
    await close();
  });

  it('in session mode carries the bot, over a database whose settings are strange', async () => {
    await using closing = new AsyncDisposableStack();
    const reach = async (url: string) => {
      const { hostname: host, port, username: user, password, pathname } = new URL(url);
      const name = pathname.slice(1);
      const admin = postgres(url, { max: 1 });
      // PostgreSQL 17 and later have one more time limit.
      const all = { ...strange, search_path: "''", transaction_timeout: '200' };
      for (const [setting, value] of Object.entries(all)) {
        await admin.unsafe(`alter database ${name} set ${setting} = ${value}`);
      }
      await admin.end();
      return closing
        .use(await startPgBouncer({ host, port, user, password }, { pool_mode: 'session' }))
        .url(user, name);
    };
    await using scenario = await openScenario({ reach });
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
  });

  it('that gives three sessions serves everything with them', async () => {
    await using pooler = await startPgBouncer(behind(), { pool_mode: 'session', default_pool_size: 3 });
    const url = pooler.url('owner', 'pooled');
    expect(await startSays(url)).toBeUndefined();
    const { tables, close } = connect(url);
    const all = Array.from({ length: 40 }, () => tables.execute(sql`select pg_sleep(0.01)`));
    expect(await Promise.all(all)).toHaveLength(40);
    await close();
  });

  it.each([
    ['transaction', {}],
    ['transaction', { default_pool_size: 1 }],
    ['transaction', { server_round_robin: 1 }],
    ['statement', {}],
  ])('in %s mode (%o) is found out at start and refused by name', async (mode, settings) => {
    await using pooler = await startPgBouncer(behind(), { pool_mode: mode, ...settings });
    const url = pooler.url('owner', 'pooled');
    expect(await startSays(url)).toMatch(
      /^pooler: DATABASE_URL leads to a pooler in transaction or statement mode.*session mode/,
    );
    expect((await readRequirements(url)).mistakes.map(({ about }) => about)).toEqual(['pooler']);
  });

  it('options in the URL, which it refuses, end the start with its own words', async () => {
    await using pooler = await startPgBouncer(behind(), { pool_mode: 'session' });
    expect(await startSays(`${pooler.url('owner', 'pooled')}?options=-c%20search_path%3Dapp`)).toMatch(
      /^The pooler refuses the session \(PostgreSQL says: unsupported startup parameter: options, 08P01\)/,
    );
  });
});
