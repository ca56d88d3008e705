/** A migrated, empty database for one test, dropped afterwards. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { databaseUrl, template } from './postgres.ts';

export type TestDatabase = AsyncDisposable & {
  url: string;
  sql: postgres.Sql;
  /**
   * Refuses and ends all connections, as when the server is gone; or accepts them again. `keepOwn`: those of `sql` go on, in
   * whose transactions the test may hold a lock.
   */
  allow(connections: boolean, options?: { keepOwn?: boolean }): Promise<void>;
};

/** Connections to the server's own database, for all tests of this worker. */
let shared: postgres.Sql | undefined;

/** `from`: what it begins as; `template1` is empty. */
export async function createDatabase({ from = template } = {}): Promise<TestDatabase> {
  shared ??= postgres(inject('postgres'), { max: 3, fetch_types: false, onnotice: () => {} });
  const server = shared;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await server.unsafe(`create database ${name} template ${from} strategy file_copy`);
  const url = databaseUrl(inject('postgres'), name);
  const sql = postgres(url, { max: 2, onnotice: () => {}, connection: { application_name: name } });
  return {
    url,
    sql,
    async allow(connections, { keepOwn = false } = {}) {
      await server.unsafe(`alter database ${name} allow_connections ${connections}`);
      if (!connections)
        await server`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = ${name} and not (${keepOwn} and application_name = ${name})`;
    },
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 1 });
      // Not awaited: while a session is just ending, this takes 100 ms. What is left then goes with the server.
      server.unsafe(`drop database if exists ${name} with (force)`).catch(() => {});
    },
  };
}

/** A copy of a database as it is now, such as one that is restored from a dump. Ends all connections to it. */
export async function copyOf(database: TestDatabase): Promise<TestDatabase> {
  await database.allow(false);
  const copy = await createDatabase({ from: new URL(database.url).pathname.slice(1) });
  await database.allow(true);
  return copy;
}
