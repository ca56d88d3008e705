/** The settings on who decides, of the newest start: in a rolling change, two replicas must not go on with different ones. */
import { ne, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { policyInForce } from './schema/scheduling.ts';

type Tables = Pick<Db, 'tables'>;

/** Records the settings of a replica that has just started. The last one to start is right. */
export async function announcePolicy({ tables }: Tables, policy: string): Promise<void> {
  const set = { policy, since: sql`clock_timestamp()` };
  await tables.insert(policyInForce).values(set).onConflictDoUpdate({ target: policyInForce.only, set });
}

/** Returns since when a replica with other settings than these runs; undefined where there is none. */
export async function findNewerPolicy({ tables }: Tables, policy: string): Promise<Date | undefined> {
  const [newer] = await tables
    .select({ since: policyInForce.since })
    .from(policyInForce)
    .where(ne(policyInForce.policy, policy));
  return newer?.since;
}
