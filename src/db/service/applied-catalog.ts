/** Remembers the catalog file that was applied last: reading 100,000 services takes many seconds, and mostly nothing has changed. */
import { eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { appliedCatalog } from '../schema/services.ts';

type Tables = Pick<Db, 'tables'>;

/**
 * Hashes the services that a file manages. A file may have been applied by a replica with another one since, an older dump
 * restored, or a row changed by hand.
 */
const managed = sql`(
  select count(*) || ':' || coalesce(sum(hashtextextended(row(id, slug, name, description, docs, registration_enabled,
    auto_approve, channel, approvers, access, retired_at)::text, 0)), 0)
  from services where managed_by = 'file')`;

/** Records that a file has been applied. */
export async function recordApplied({ tables }: Tables, file: string, gateways: object[]): Promise<void> {
  const set = { file, gateways, services: sql`${managed}` };
  await tables.insert(appliedCatalog).values(set).onConflictDoUpdate({ target: appliedCatalog.only, set });
}

/** Finds the gateways that a file declares, where the services are as it left them; undefined where it must be read. */
export async function findApplied({ tables }: Tables, file: string): Promise<unknown> {
  const [found] = await tables
    .select({ gateways: appliedCatalog.gateways, same: sql<boolean>`${appliedCatalog.services} = ${managed}` })
    .from(appliedCatalog)
    .where(eq(appliedCatalog.file, file));
  return found?.same ? found.gateways : undefined;
}
