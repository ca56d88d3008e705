/** Staging a race: hold a row, wait until everybody stands at it, let go. */
import type { TransactionSql } from 'postgres';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Takes a lock in a transaction of its own, and keeps it until `release` is called. */
export async function hold({ sql }: TestDatabase, lock: (tx: TransactionSql) => Promise<unknown>) {
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const held = sql.begin(async (tx) => {
    await lock(tx);
    locked.resolve();
    await free.promise;
  });
  await locked.promise;
  return {
    async release() {
      free.resolve();
      await held;
    },
  };
}

export const holdRegistrations = (database: TestDatabase) =>
  hold(database, (tx) => tx`select from registrations for update`);

export const holdApplications = (database: TestDatabase) =>
  hold(database, (tx) => tx`select from applications for update`);

/** Nothing is recorded meanwhile. */
export const holdHead = (database: TestDatabase) => hold(database, (tx) => tx`select from history_head for update`);

/** A change of a registration stands still before its commit, with all that it has locked. */
export const holdRecord = (database: TestDatabase) => hold(database, (tx) => tx`select from history_head for update`);

/** Nobody else reads the catalog meanwhile. */
export const holdServices = (database: TestDatabase) =>
  hold(database, (tx) => tx`lock table services in access exclusive mode`);

/** Nobody changes a service meanwhile. */
export const holdServiceRows = (database: TestDatabase) => hold(database, (tx) => tx`select from services for update`);

/** Somebody else is just adding a service with this slug. */
export const holdSlug = (database: TestDatabase, slug: string) =>
  hold(database, (tx) => tx`insert into services (slug, name, managed_by) values (${slug}, ${slug}, 'slack')`);

/** Nobody serves a tick meanwhile. */
export const holdTicks = (database: TestDatabase) =>
  hold(database, (tx) => tx`lock table served_ticks in exclusive mode`);

/** Whoever writes a change into the record stands still meanwhile, with the registration's row locked. */
export const holdHistory = (database: TestDatabase) => hold(database, (tx) => tx`lock table history in exclusive mode`);

/** Another replica is migrating (src/db/client.ts). */
export const holdMigrations = (database: TestDatabase) =>
  hold(database, (tx) => tx`select pg_advisory_xact_lock(727431)`);

/** What a person submits stands still meanwhile. */
export const holdPerson = (database: TestDatabase, person: string) =>
  hold(database, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`);

/** Waits until this many statements stand at a lock in the database. */
export async function standing({ sql }: TestDatabase, count: number): Promise<void> {
  await eventually(`${count} stand at a lock`, async () => {
    const [row] = await sql`
      select count(*)::int waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return row?.waiting >= count;
  });
}
