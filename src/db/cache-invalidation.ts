/**
 * Invalidation of the caches about people, user groups and channels. Slack sends an event to one replica; it reaches all
 * of them by PostgreSQL's NOTIFY, because the database is what they share.
 */
import { sql } from 'drizzle-orm';
import type { Connection } from './client.ts';
import type { Db } from './db.ts';

export const cacheChannel = 'registrar_outdated';

/** Publishes to every replica, this one included, that what is cached under an id is out of date. */
export async function publishInvalidation({ tables }: Pick<Db, 'tables'>, id: string): Promise<void> {
  await tables.execute(sql`select pg_notify(${cacheChannel}, ${id})`);
}

/**
 * Subscribes to invalidations. `invalidate` is called with an id; and without one, for everything, when listening starts
 * and each time it resumes after a lost connection, because notifications may have been missed.
 */
export async function subscribe(
  { listen }: Pick<Connection, 'listen'>,
  invalidate: (id?: string) => void,
): Promise<void> {
  await listen(cacheChannel, invalidate, () => invalidate());
}
