/**
 * Incidents: destinations that nothing reaches until a human has resolved something. Each is one row, for a destination and
 * a cause, so that a human hears of the cause and not of each message. By the database's clock, which all replicas share.
 */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { incidents } from '../schema/delivery.ts';
import type { Enqueue, Incident } from './types.ts';

/** A human hears of the same incident at most this often. */
const atMostEvery = sql`interval '1 hour'`;
/** The columns keep milliseconds. */
const now = sql`date_trunc('milliseconds', now())`;

/** Opens an incident while retries go on. Returns what tells a human of it: once, and not again while it is open. */
export async function open(tx: Tx, incident: Incident): Promise<Effect[]> {
  const [row] = await tx.execute<{ tell: string | null }>(sql`
    insert into ${incidents} as t (place, why, since, told_at) values (${incident.destination}, ${incident.cause}, ${now}, ${now})
    on conflict (place, why) do update set
      since = case when t.over_at is null then t.since else ${now} end,
      over_at = null,
      told_at = case when coalesce(t.told_at, '-infinity') < now() - ${atMostEvery} then ${now} else t.told_at end
    where t.over_at is not null or (t.told_at < t.since and t.told_at < now() - ${atMostEvery})
    returning case when told_at = ${now} then told_at end::text as tell`);
  return effectsTelling(incident, row?.tell);
}

/** Records that a dead letter was left. Returns what tells a human of it: once an hour, however many there are. */
export async function reportDead(tx: Tx, incident: Incident): Promise<Effect[]> {
  const [row] = await tx.execute<{ tell: string | null }>(sql`
    insert into ${incidents} as t (place, why, since, over_at, told_at)
    values (${incident.destination}, ${incident.cause}, ${now}, ${now}, ${now})
    on conflict (place, why) do update set told_at = ${now}
    where coalesce(t.told_at, '-infinity') < now() - ${atMostEvery}
    returning told_at::text as tell`);
  return effectsTelling(incident, row?.tell);
}

const effectsTelling = ({ destination, cause }: Incident, at: string | null | undefined): Effect[] =>
  at ? [{ kind: 'trouble', place: destination, why: cause, at }] : [];

/**
 * Resolves the incident of a destination and a cause, or all of the destination. What waits for it, and what died of it, is
 * retried by a job, batch by batch.
 */
export async function resolve(
  tx: Tx,
  enqueue: Enqueue,
  { destination, cause }: { destination: string; cause?: string },
): Promise<void> {
  const resolved = await tx
    .update(incidents)
    .set({ overAt: now })
    .where(
      and(
        eq(incidents.place, destination),
        isNull(incidents.overAt),
        cause === undefined ? undefined : eq(incidents.why, cause),
      ),
    )
    .returning({ place: incidents.place, why: incidents.why });
  await enqueue(
    tx,
    resolved.map((one) => ({ kind: 'redrive', ...one, after: 0 })),
  );
}

/** Finds an incident, open or resolved; undefined where there was none. */
export async function find(db: Db, { destination, cause }: Incident) {
  const [row] = await db.tables
    .select()
    .from(incidents)
    .where(and(eq(incidents.place, destination), eq(incidents.why, cause)));
  return row;
}

/** The causes that a look at the channel can tell to be over. Others are resolved by the next delivery. */
const visibleCauses = ['channel_not_found', 'not_in_channel', 'is_archived', 'is_inactive'];

/** Claims channels that cannot be posted to, for a look whether that is still so: those not looked at for longest. */
export async function nextToProbe(db: Db, limit: number): Promise<string[]> {
  const taken = await db.tables.execute<{ place: string }>(sql`
    update ${incidents} set checked_at = now() where place in (
      select place from ${incidents}
      where over_at is null and place ~ '^[CG]' and ${inArray(incidents.why, visibleCauses)}
      group by place order by min(checked_at) nulls first limit ${limit})
    and over_at is null returning place`);
  return [...new Set(taken.map(({ place }) => place))];
}
