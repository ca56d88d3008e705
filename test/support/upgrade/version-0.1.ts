/** A database as version 0.1 left it: its migrations, its pg-boss, and its rows. */
import { readFile } from 'node:fs/promises';
import { createDatabase, type TestDatabase } from '../database.ts';

const migrations = new URL('../../../migrations/', import.meta.url);

/** The last migration of version 0.1. */
const last = '0018_words-after-spaces';

export async function createVersion01(): Promise<TestDatabase> {
  const database = await createDatabase({ from: 'template1' });
  const { entries }: { entries: { tag: string; when: number }[] } = JSON.parse(
    await readFile(new URL('meta/_journal.json', migrations), 'utf8'),
  );
  const applied = entries.slice(0, entries.findIndex(({ tag }) => tag === last) + 1);
  const scripts = await Promise.all(applied.map(({ tag }) => readFile(new URL(`${tag}.sql`, migrations), 'utf8')));
  const [boss, rows] = await Promise.all(
    ['pg-boss-schema.sql', 'version-0.1.sql'].map((file) => readFile(new URL(file, import.meta.url), 'utf8')),
  );
  await database.sql.begin(async (tx) => {
    for (const script of scripts) await tx.unsafe(script);
    await tx.unsafe(`create schema if not exists drizzle;
      create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`);
    for (const { when } of applied) {
      await tx`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of version 0.1', ${when})`;
    }
    await tx.unsafe(boss ?? '');
    // The records chain what is inserted; these rows are links of a chain already.
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(rows ?? '');
  });
  return database;
}
