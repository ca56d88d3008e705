/** Version 0.1: a database as it left it, with its migrations, its pg-boss and its rows; and a replica of it that goes on. */
import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
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

type Statement = { text: string; parameters: unknown[] } | { enqueue: object[] };

/** What version 0.1 sent to PostgreSQL, recorded from its program: the SQL of its jobs, and each act, a transaction. */
type Recorded = { enqueue: string; acts: Record<'request' | 'reject' | 'unregister', Statement[]> };

/** A replica of version 0.1 that goes on next to a new one, and sends what that version's program sent. */
export async function openReplica01({ url }: TestDatabase) {
  const recorded: Recorded = JSON.parse(await readFile(new URL('statements-0.1.json', import.meta.url), 'utf8'));
  const sql = postgres(url, { max: 1, connection: { application_name: 'registrar-outbox' } });
  const ids = { application: 0, registration: 0 };
  /** Fills in the ids, which were others where it was recorded. */
  const filled = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll('"{registration}"', String(ids.registration))
        .replaceAll('{registration}', String(ids.registration))
        .replaceAll('"{application}"', String(ids.application)),
    );
  return {
    act: (name: keyof Recorded['acts']) =>
      sql.begin(async (tx) => {
        for (const statement of recorded.acts[name]) {
          if ('enqueue' in statement) {
            await tx.unsafe(recorded.enqueue, [JSON.stringify(filled(statement.enqueue))]);
            continue;
          }
          const { text, parameters } = statement;
          const [made] = await tx.unsafe(text, filled(parameters) as postgres.ParameterOrJSON<never>[]);
          if (made && text.includes('"registrations"')) ids.registration = Number(made.id);
          else if (made) ids.application = Number(made.id);
        }
      }),
    [Symbol.asyncDispose]: () => sql.end(),
  };
}
