/** The replicas that run on this database. */
import { sql } from 'drizzle-orm';
import { cacheChannel } from './cache-invalidation.ts';
import type { Db } from './db.ts';

/** Counts the replicas by their sessions for LISTEN (cache-invalidation.ts). */
export async function countReplicas({ tables }: Pick<Db, 'tables'>): Promise<number> {
  const [row] = await tables.execute<{ count: number }>(sql`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and query ilike ${`listen%${cacheChannel}%`}`);
  return row?.count ?? 0;
}
