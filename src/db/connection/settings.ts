/**
 * The session settings that parsing depends on. A role or a database may override them, so they are set on every session; with SET,
 * because poolers refuse startup parameters.
 */

/** PostgreSQL settings by name. A setting that this version of PostgreSQL does not have is skipped. */
export type Settings = Record<string, string | number | boolean>;

/** The formats of values, and the isolation level: of two concurrent clicks, the second sees who decided only with READ COMMITTED. */
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
  quote_all_identifiers: 'off',
  gin_fuzzy_search_limit: 0,
};

/**
 * The timeouts of statements and locks, in milliseconds. Nothing that a person does needs more than a few milliseconds; after seconds
 * an error is the better response. A session of the pool may be idle for its whole lifetime.
 */
export const usualLimits: Settings = {
  statement_timeout: 5_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
  transaction_timeout: 0,
  idle_session_timeout: 0,
};

/** No timeouts, even where the role has some: for migrations and exports. */
export const noLimits: Settings = Object.fromEntries(Object.keys(usualLimits).map((name) => [name, 0]));

/**
 * Selects the schema of the tables: the one that the role's search_path leads to, else the one they are in, else the one they will be
 * created in. So a search_path that changes later loses nothing.
 */
const home = `coalesce(
  (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = pg_catalog.to_regclass('application_owners')),
  (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'application_owners' and c.relkind = 'r' order by n.nspname <> 'public', n.nspname limit 1),
  pg_catalog.current_schema(), 'public')`;

/** Selects the schema of pg_trgm: its operators are found by name, and some providers install it in a schema of its own. */
const path = `pg_catalog.concat_ws(', ', pg_catalog.quote_ident(${home}),
  (select pg_catalog.quote_ident(n.nspname) from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm' and n.nspname <> ${home}))`;

/** Builds the statement that sets them. Its row tells whether the session is read-only. */
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
