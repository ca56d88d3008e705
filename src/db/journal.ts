/** The migrations of this version, and those that a database has applied. */
import { fileURLToPath } from 'node:url';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type { Session } from './connection/session.ts';

export const knownMigrations = (): MigrationMeta[] =>
  readMigrationFiles({ migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)) });

export type Journal = {
  /** The table that records them, quoted: in the schema of the tables, or in `drizzle` where that is `public`. */
  journal: string;
  /** The applied migrations, by the timestamp that identifies them. */
  applied: number[];
};

export async function readJournal(session: Session): Promise<Journal> {
  const [place] = await session.query<{ journal: string; there: boolean }>(`
    with place as (select (case home when 'public' then 'drizzle' else home end) || '.__drizzle_migrations' as journal
      from split_part(current_setting('search_path'), ', ', 1) home)
    select journal, to_regclass(journal) is not null as there from place`);
  if (!place) throw new Error('PostgreSQL does not say where the migrations are noted');
  const { journal, there } = place;
  if (!there) return { journal, applied: [] };
  const rows = await session.query<{ at: number }>(`select created_at::float8 as at from ${journal}`);
  return { journal, applied: rows.map(({ at }) => at) };
}

/** Creates the table and its schema where they are missing, so that only the first start needs the right to. */
export async function createJournal(session: Session, journal: string): Promise<void> {
  const [schema = ''] = journal.split('.');
  const [found] = await session.query(
    `select from pg_namespace where quote_ident(nspname) = '${schema.replaceAll("'", "''")}'`,
  );
  if (!found) await session.query(`create schema ${schema}`);
  await session.query(
    `create table if not exists ${journal} (id serial primary key, hash text not null, created_at bigint)`,
  );
}
