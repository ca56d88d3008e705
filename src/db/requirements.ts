/**
 * The requirements of the database. A start checks them before it changes anything, and is refused with everything that only an
 * operator can fix. Doctor runs the same checks.
 */
import { getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import type { Connection } from './client.ts';
import { type DatabaseAddress, databaseAddress } from './connection/database-url.ts';
import { openSession, type Session } from './connection/session.ts';
import { noLimits } from './connection/settings.ts';
import { RequirementError, sqlState } from './errors.ts';
import { knownMigrations, readJournal } from './journal.ts';
import * as access from './schema/access.ts';
import * as applications from './schema/applications.ts';
import * as audit from './schema/audit.ts';
import * as core from './schema/core.ts';
import * as delivery from './schema/delivery.ts';
import * as directMessages from './schema/direct-messages.ts';
import * as outbox from './schema/outbox.ts';
import * as scheduling from './schema/scheduling.ts';
import * as services from './schema/services.ts';
import * as workspace from './schema/workspace.ts';

export type Mistake = { about: 'database' | 'pooler' | 'migrations' | 'pg_trgm'; what: string };

export type Requirements = {
  /** The version of PostgreSQL, for people. */
  version: string;
  /** The number of migrations to apply. */
  missing: number;
  trigrams: 'installed' | 'available' | 'absent';
  mistakes: Mistake[];
};

/** Every table of the schema. */
export const tableNames = Object.values({
  ...core,
  ...access,
  ...applications,
  ...audit,
  ...delivery,
  ...directMessages,
  ...outbox,
  ...scheduling,
  ...services,
  ...workspace,
})
  .filter((one) => is(one, PgTable))
  .map(getTableName);

/** Tables whose rows never change: the rights to update and delete are not required. */
const appendOnly = [
  'history',
  'access_history',
  'application_history',
  'service_changes',
  'audit_baselines',
  'erasures',
];

type Facts = {
  version: string;
  number: number;
  encoding: string;
  /** Whether triggers run: `origin`. It can be set for a role, and only a superuser may set it back. */
  replicationRole: string;
  user: string;
  database: string;
  /** Where the tables are, or will be; null where the user may not look into it. */
  schema: string | null;
  home: string;
  mayCreateTables: boolean;
  mayCreateSchemas: boolean;
  trigrams: Requirements['trigrams'];
  /** Tables of another owner, which this user cannot alter. */
  foreign: string | null;
  /** Rights that are missing, as `UPDATE on outbox`. */
  lacking: string | null;
};

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

const factsOf = (journal: string) => `
  with tables as (
    select c.oid, c.relname, c.relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind = 'r' and c.relname in (${list(tableNames)})),
  wanted as (
    select oid, relname, privilege from tables, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) privilege
    where privilege in ('SELECT', 'INSERT') or relname not in (${list(appendOnly)})
    union all select to_regclass('${journal}'), '${journal}', 'SELECT')
  select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
    current_setting('server_encoding') as encoding, current_setting('session_replication_role') as "replicationRole", quote_ident(current_user) as user,
    quote_ident(current_database()) as database, quote_ident(current_schema()) as schema,
    split_part(current_setting('search_path'), ', ', 1) as home,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayCreateTables",
    has_database_privilege(current_database(), 'CREATE') as "mayCreateSchemas",
    case when exists (select from pg_extension where extname = 'pg_trgm') then 'installed'
      when exists (select from pg_available_extensions where name = 'pg_trgm') then 'available' else 'absent' end as trigrams,
    (select string_agg(relname, ', ' order by relname) from tables where not pg_has_role(relowner, 'USAGE')) as foreign,
    (select string_agg(privilege || ' on ' || relname, ', ' order by relname, privilege) from wanted
      where oid is not null and not has_table_privilege(oid, privilege)) as lacking`;

/** Checks a database without changing it. */
export async function checkRequirements(address: DatabaseAddress, session: Session): Promise<Requirements> {
  const { journal, applied } = await readJournal(session);
  const known = knownMigrations();
  const missing = known.filter(({ folderMillis }) => !applied.includes(folderMillis)).length;
  const newer = applied.filter((at) => !known.some(({ folderMillis }) => folderMillis === at));
  const [facts] = await session.query<Facts>(factsOf(journal));
  if (!facts) throw new Error('PostgreSQL does not say what it is');
  const { version, trigrams } = facts;
  const mistakes = [
    ...aboutDatabase(facts),
    ...aboutMigrations(facts, missing, newer, journal),
    ...(trigrams === 'installed' ? [] : aboutTrigrams(facts)),
    ...(await aboutPooler(address, session)),
  ];
  return { version, missing, trigrams, mistakes };
}

/** Checks that PostgreSQL has a time zone as well: its list may be older than Node's. Rejects with a `RequirementError`. */
export async function checkTimeZone({ tables }: Pick<Connection, 'tables'>, name: string): Promise<void> {
  await tables.execute(sql`select now() at time zone ${name}`).catch((error: unknown) => {
    const unknown = sqlState(error instanceof Error ? error.cause : error) === '22023';
    throw unknown ? new RequirementError([`TIME_ZONE: PostgreSQL does not know ${name}. Name another one.`]) : error;
  });
}

/** Checks a database in a read-only session of its own. */
export async function readRequirements(url: string): Promise<Requirements> {
  const address = databaseAddress(url);
  const settings = { ...noLimits, default_transaction_read_only: true };
  const session = await openSession(address, { applicationName: 'registrar-doctor', settings, writes: false });
  try {
    return await checkRequirements(address, session);
  } finally {
    await session.close();
  }
}

function aboutDatabase({ number, version, encoding, schema, home, user, replicationRole: role }: Facts): Mistake[] {
  const mistakes = [
    number < 140_000 && `PostgreSQL ${version} is too old. Upgrade it to 14 or later.`,
    encoding !== 'UTF8' &&
      `the database is encoded in ${encoding}, which lacks most letters. Create one with ENCODING 'UTF8' TEMPLATE template0.`,
    role !== 'origin' &&
      `session_replication_role is ${role}, and triggers keep the record. Reset it: ALTER ROLE ${user} RESET session_replication_role.`,
    schema === null && `the user can’t use the schema ${home}. Grant it: GRANT USAGE ON SCHEMA ${home} TO ${user}.`,
  ];
  return mistakes.filter((one) => one !== false).map((what) => ({ about: 'database', what }));
}

function aboutMigrations(facts: Facts, missing: number, newer: number[], journal: string): Mistake[] {
  const { user, database, home, mayCreateTables, mayCreateSchemas, foreign, lacking } = facts;
  const of = (what: string): Mistake => ({ about: 'migrations', what });
  if (newer.length > 0) {
    const days = newer.map((at) => new Date(at).toISOString().slice(0, 16)).join(', ');
    return [
      of(`the database was migrated by a newer version of Registrar (on ${days}). Start that version, or a newer one.`),
    ];
  }
  if (missing === 0) {
    if (!lacking) return [];
    return [of(`the user lacks ${lacking}. Grant it to ${user}: docs/operations-databases.md has the statements.`)];
  }
  const toApply = `${missing} to apply, and the user of DATABASE_URL`;
  const journalSchema = journal.split('.')[0];
  const mistakes = [
    !mayCreateTables && `can’t create tables in ${home}. Grant it: GRANT CREATE ON SCHEMA ${home} TO ${user}.`,
    !mayCreateSchemas &&
      journalSchema !== home &&
      `can’t create the schema ${journalSchema}. Grant it: GRANT CREATE ON DATABASE ${database} TO ${user}.`,
    foreign && `does not own ${foreign}. Apply them as the owner: npm run migrate, with its DATABASE_URL.`,
  ];
  return mistakes.filter((one) => typeof one === 'string').map((what) => of(`${toApply} ${what}`));
}

function aboutTrigrams({ trigrams, mayCreateSchemas, database, user }: Facts): Mistake[] {
  if (trigrams === 'absent') {
    return [{ about: 'pg_trgm', what: "this PostgreSQL lacks it. Install PostgreSQL's contrib package." }];
  }
  if (mayCreateSchemas) return [];
  const fix = `Have its owner run CREATE EXTENSION pg_trgm, or grant it: GRANT CREATE ON DATABASE ${database} TO ${user}.`;
  return [{ about: 'pg_trgm', what: `not installed, and the user of DATABASE_URL can’t install it. ${fix}` }];
}

/** The number of attempts to detect a pooler that shares one backend between two sessions. */
const rounds = 3;

/**
 * Detects a pooler in transaction or statement mode: LISTEN, settings, prepared statements and locks would belong to another client
 * after the next statement.
 */
async function aboutPooler(address: DatabaseAddress, session: Session): Promise<Mistake[]> {
  if (!(await isPooled(address, session))) return [];
  const what =
    'DATABASE_URL leads to a pooler in transaction or statement mode, and Registrar needs sessions. Name PostgreSQL itself, or set the pooler to session mode (pool_mode = session).';
  return [{ about: 'pooler', what }];
}

const backendOf = async (session: Session) =>
  (await session.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;

/** Tells whether two sessions share a backend, or one moves to another while its last one is in use. */
async function isPooled(address: DatabaseAddress, session: Session): Promise<boolean> {
  const other = await openSession(address, { applicationName: 'registrar', settings: noLimits, writes: false });
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = await backendOf(session);
      // In statement mode a transaction ends the session.
      const begun = await other.query('begin').then(
        () => true,
        () => false,
      );
      if (!begun) return other.hasEnded() && !session.hasEnded();
      if ((await backendOf(other)) === before || (await backendOf(session)) !== before) return true;
      await other.query('rollback');
    }
    return false;
  } finally {
    other.destroy();
  }
}
