/**
 * The migrations: Registrar applies them when it starts. Where none is missing, it runs no statement that only the owner of
 * the tables may run, so that the bot can use a role that owns nothing.
 */
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { databaseAddress } from './database-url.ts';
import { openSession, type Session } from './session.ts';
import { noLimits } from './settings.ts';

/** The advisory lock under which one replica at a time migrates. Any number, the same for all replicas. */
export const migrationLock = 727_431;

/** Reads the migrations of this version. */
const known = () =>
  readMigrationFiles({ migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)) });

/** Applies the migrations that are missing. Replicas that start together wait for each other. */
export async function migrateDatabase(url: string): Promise<void> {
  const options = { applicationName: 'registrar-migrations', settings: noLimits, writes: true };
  const session = await openSession(databaseAddress(url), options);
  try {
    await session.query(`select pg_advisory_lock(${migrationLock})`);
    const { journal, applied } = await readJournal(session);
    const missing = known().filter(({ folderMillis }) => !applied.includes(folderMillis));
    if (missing.length === 0) return;
    await session.query('begin');
    await createJournal(session, journal);
    for (const { sql, hash, folderMillis } of missing) {
      for (const statement of sql) await session.query(statement);
      await session.query(`insert into ${journal} (hash, created_at) values ('${hash}', ${folderMillis})`);
    }
    await session.query('commit');
  } finally {
    await session.close();
  }
}

/**
 * Reads which migrations were applied, from the journal in the schema of the tables, or in `drizzle` where that is
 * `public`. `journal` is the quoted name of its table.
 */
async function readJournal(session: Session): Promise<{ journal: string; applied: number[] }> {
  const [place] = await session.query<{ journal: string; there: boolean }>(`
    with place as (select quote_ident(case current_schema() when 'public' then 'drizzle' else current_schema() end)
      || '.__drizzle_migrations' as journal)
    select journal, to_regclass(journal) is not null as there from place`);
  if (!place) throw new Error('PostgreSQL returned no name for the journal of the migrations');
  const { journal, there } = place;
  if (!there) return { journal, applied: [] };
  const rows = await session.query<{ at: number }>(`select created_at::float8 as at from ${journal}`);
  return { journal, applied: rows.map(({ at }) => at) };
}

/** Creates the journal, and its schema, where they are missing. */
async function createJournal(session: Session, journal: string): Promise<void> {
  const [schema = ''] = journal.split('.');
  const [found] = await session.query(`select from pg_namespace where quote_ident(nspname) = '${schema}'`);
  if (!found) await session.query(`create schema ${schema}`);
  await session.query(
    `create table if not exists ${journal} (id serial primary key, hash text not null, created_at bigint)`,
  );
}
