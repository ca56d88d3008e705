/**
 * The settings of a session that the program's reading hangs on. A role and a database may have others, so they are set
 * on each session; by a statement, for a pooler refuses them where they come with the connection.
 */

/** PostgreSQL's settings by name. One that this version of PostgreSQL does not have is left out. */
export type Settings = Record<string, string | number | boolean>;

/**
 * How values are written and read, and how transactions see each other: of two clicks at once, the loser hears who decided
 * only with READ COMMITTED.
 */
const fixed: Settings = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  extra_float_digits: 1,
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
};

/**
 * How long PostgreSQL works or waits before it gives up, in milliseconds. Nothing a person does needs more than a few; what
 * takes seconds is a database in trouble, and whoever waits is better told so. A session of the pool may be idle for as
 * long as it lives.
 */
export const usualLimits: Settings = {
  statement_timeout: 5_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
  transaction_timeout: 0,
  idle_session_timeout: 0,
};

/** Without limits, also where the role has some: for migrations, and for whoever reads whole records. */
export const noLimits: Settings = Object.fromEntries(Object.keys(usualLimits).map((name) => [name, 0]));

/**
 * The schema of the tables: where the role's search_path leads to, or else where they are, or else where they will be made.
 * A search_path that is changed later thereby loses nothing.
 */
const home = `coalesce(
  (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = pg_catalog.to_regclass('application_owners')),
  (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'application_owners' and c.relkind = 'r' order by n.nspname <> 'public', n.nspname limit 1),
  pg_catalog.current_schema(), 'public')`;

/** The extension's operators are found by name, and some providers install it in a schema of its own. */
const path = `pg_catalog.concat_ws(', ', pg_catalog.quote_ident(${home}),
  (select pg_catalog.quote_ident(n.nspname) from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm' and n.nspname <> ${home}))`;

/** The statement that sets them. It tells whether the session can only read. */
export function settingStatement(settings: Settings): string {
  const wanted = Object.entries({ ...fixed, ...settings }).map(([name, value]) => `('${name}', '${value}')`);
  return `
    with settings as (
      select pg_catalog.set_config(name, value, false) from (values ${wanted.join(', ')}) as wanted(name, value)
      where pg_catalog.current_setting(name, true) is not null
      union all select pg_catalog.set_config('search_path', ${path}, false))
    select pg_catalog.count(*) as settings, pg_catalog.pg_is_in_recovery()
      or pg_catalog.current_setting('transaction_read_only')::boolean as "readOnly" from settings`;
}
