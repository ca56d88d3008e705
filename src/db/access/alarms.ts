/** Access that is still open although no registration backs it: what is reported, shown and counted until it is gone. */
import { sql } from 'drizzle-orm';
import type { GatewayFailure } from '../../domain/access.ts';
import type { Db } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';

/** How long a removal may fail before the admin channel is notified, in milliseconds. */
const tellAfter = 5 * 60_000;

const stillOpen = sql`not wanted and open is distinct from false`;

/** Has the admin channel told, gateway by gateway, of what has been open for five minutes and was not told of yet. */
export async function raiseAlarms(db: Db, at: Date): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const told = await tx.execute<{ gateway: string }>(sql`
      update ${applicationAccess} set told_at = ${at.toISOString()}::timestamptz
      where ${stillOpen} and told_at is null
        and failing_since <= ${new Date(at.getTime() - tellAfter).toISOString()}::timestamptz
      returning gateway`);
    const gateways = new Set(told.map(({ gateway }) => gateway));
    await db.outbox.enqueue(
      tx,
      [...gateways].map((gateway) => ({ kind: 'access-alarm', gateway, at: at.toISOString() })),
    );
  });
}

/** Access that is still open: whose, to which group, since when it fails and why. */
export type StillOpen = { application: string; group: string; since: Date; failure: GatewayFailure | null };

/** Lists what is still open at a gateway, the longest first, `limit` at most, and counts all of it. */
export async function listStillOpen(
  { tables }: Pick<Db, 'tables'>,
  gateway: string,
  limit: number,
): Promise<{ rows: StillOpen[]; total: number }> {
  const rows = await tables.execute<{
    application: string;
    group_name: string;
    since: string;
    failure: GatewayFailure | null;
    total: number;
  }>(sql`
    select a.name as application, group_name, failing_since::text as since, failure, count(*) over ()::int as total
    from ${applicationAccess} join applications a on a.id = application_id
    where gateway = ${gateway} and ${stillOpen} and failing_since is not null
    order by failing_since, a.id limit ${limit}`);
  return {
    rows: rows.map(({ group_name: group, since, ...row }) => ({ ...row, group, since: new Date(since) })),
    total: rows[0]?.total ?? 0,
  };
}

/** What waits at each gateway: grants on their way, and access that is still open; and for how long the oldest has failed. */
export type GatewayState = { gateway: string; onItsWay: number; stillOpen: number; failing: number };

/** Counts what is not as it should be. `failing` in seconds. Costs what is there, and nothing where all is well. */
export async function countUnsettled({ tables }: Pick<Db, 'tables'>): Promise<GatewayState[]> {
  return tables.execute<GatewayState>(sql`
    select gateway, count(*) filter (where wanted)::int as "onItsWay", count(*) filter (where not wanted)::int as "stillOpen",
      coalesce(extract(epoch from now() - min(failing_since))::float8, 0) as failing
    from ${applicationAccess} where open is distinct from wanted group by gateway order by gateway`);
}
