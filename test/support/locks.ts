/** Stages a race: hold a row, wait until all are blocked by it, release it. */
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

/** Blocks every write to the record: a transition before its commit, with all its locks held. */
export const holdRecord = (database: TestDatabase) => hold(database, (tx) => tx`select from history_head for update`);

/** Blocks reads of the catalog. */
export const holdServices = (database: TestDatabase) =>
  hold(database, (tx) => tx`lock table services in access exclusive mode`);

/** Blocks changes of services. */
export const holdServiceRows = (database: TestDatabase) => hold(database, (tx) => tx`select from services for update`);

/** Holds a slug as if a service with it were just being added. */
export const holdSlug = (database: TestDatabase, slug: string) =>
  hold(database, (tx) => tx`insert into services (slug, name, managed_by) values (${slug}, ${slug}, 'slack')`);

/** Blocks the claim of ticks. */
export const holdTicks = (database: TestDatabase) =>
  hold(database, (tx) => tx`lock table served_ticks in exclusive mode`);

/** Blocks a transition while it writes the history, with the registration's row locked. */
export const holdHistory = (database: TestDatabase) => hold(database, (tx) => tx`lock table history in exclusive mode`);

/** Holds the lock of migrations, as if another replica were migrating. */
export const holdMigrations = (database: TestDatabase) =>
  hold(database, (tx) => tx`select pg_advisory_xact_lock(727431)`);

/** Blocks the requests of a user. */
export const holdPerson = (database: TestDatabase, person: string) =>
  hold(database, (tx) => tx`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`);

/** Waits until this many statements are blocked by a lock in the database. */
export async function waitForBlocked({ sql }: TestDatabase, count: number): Promise<void> {
  await eventually(`${count} stand at a lock`, async () => {
    const [row] = await sql`
      select count(*)::int waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return row?.waiting >= count;
  });
}
