/** Staging a race: hold a row, wait until everybody stands at it, let go. */
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Locks every registration until `release` is called. */
export async function holdRegistrations({ sql }: TestDatabase) {
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const held = sql.begin(async (tx) => {
    await tx`select from registrations for update`;
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

/** Waits until this many statements stand at a lock in the database. */
export async function standing({ sql }: TestDatabase, count: number): Promise<void> {
  await eventually(`${count} stand at a lock`, async () => {
    const [row] = await sql`
      select count(*)::int waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return row?.waiting >= count;
  });
}
