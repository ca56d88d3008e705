/** Remembers the catalog file that was applied last: reading 100,000 services takes many seconds, and mostly nothing has changed. */
import { eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { appliedCatalog } from '../schema/services.ts';

type Tables = Pick<Db, 'tables'>;

/** How many services are hashed in one statement. */
const batch = 20_000;

/**
 * Hashes the services that a file manages. A file may have been applied by a replica with another one since, an older dump
 * restored, or a row changed by hand.
 */
async function hashManaged({ tables }: Tables): Promise<string> {
  let [after, counted, sum] = ['0', 0, 0n];
  for (let more = true; more; ) {
    const [part] = await tables.execute<{ last: string | null; count: number; sum: string }>(sql`
      select max(id)::text as last, count(*)::int as count, coalesce(sum(hashtextextended(row(id, slug, name, description,
        docs, registration_enabled, auto_approve, channel, approvers, access, retired_at)::text, 0)), 0)::text as sum
      from (select * from services where managed_by = 'file' and id > ${after} order by id limit ${batch}) part`);
    counted += part?.count ?? 0;
    sum += BigInt(part?.sum ?? 0);
    after = part?.last ?? after;
    more = part?.count === batch;
  }
  return `${counted}:${sum}`;
}

/** Records that a file has been applied. */
export async function recordApplied({ tables }: Tables, file: string, gateways: object[]): Promise<void> {
  const set = { file, gateways, services: await hashManaged({ tables }) };
  await tables.insert(appliedCatalog).values(set).onConflictDoUpdate({ target: appliedCatalog.only, set });
}

/** Finds the gateways that a file declares, where the services are as it left them; undefined where it must be read. */
export async function findApplied({ tables }: Tables, file: string): Promise<unknown> {
  const [found] = await tables
    .select({ gateways: appliedCatalog.gateways, services: appliedCatalog.services })
    .from(appliedCatalog)
    .where(eq(appliedCatalog.file, file));
  return found && found.services === (await hashManaged({ tables })) ? found.gateways : undefined;
}
