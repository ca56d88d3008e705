/**
 * The metrics that come from the database: pending requests, the outbox and connections. One statement, on indexes; what
 * could grow without limit is counted up to a bound.
 */
import { sql } from 'drizzle-orm';
import { type Effect, effectKinds, queueOf } from '../domain/effects.ts';
import { countUnsettled, type GatewayState } from './access/alarms.ts';
import type { Db } from './db.ts';
import { outbox } from './schema/outbox.ts';
import { recentUnknown } from './unknown-ids.ts';

export type QueueDepth = {
  queue: string;
  /** The kind of the lanes, which is the kind of the effects in them. */
  kind: Effect['kind'];
  /** How many deliveries are to be made, and how many of them have failed before. */
  jobs: number;
  retrying: number;
  deadLetters: number;
  /** How long ago the first of them should have left, in seconds, by the database's clock. */
  lag: number;
};

export type DatabaseMetrics = {
  pending: { count: number; oldest: Date | null };
  /** Every kind, also where nothing waits. */
  outbox: QueueDepth[];
  /** Lanes whose jobs no claim finds, among those of the oldest jobs: there should be none. */
  stalledLanes: number;
  /** Clicks and forms, in this hour and the last one, that name what is not in this database. */
  unknownIds: number;
  /** What is not as it should be at each gateway. */
  access: GatewayState[];
  /** The connections of all replicas. */
  connections: { pool: string; state: 'in_use' | 'idle' | 'waiting'; count: number }[];
};

/** Of each kind, and of the dead letters, no more than this are counted: a scrape costs the same however many there are. */
export const countedAtMost = 10_000;

/** The lanes of this many jobs of each kind are looked at, the oldest ones: those of a stalled lane become the oldest. */
const lookedAt = 50;

/** Counts lanes that break the invariant of outbox/store.ts: they have jobs, and none is in front or leased. */
const stalledLanes = sql`
  select count(distinct oldest.lane)::int
  from jsonb_array_elements_text(${JSON.stringify(effectKinds)}::jsonb) as kinds (kind), lateral (
    select lane from ${outbox} where kind = kinds.kind and dead_at is null and not leased
    order by run_at limit ${lookedAt}) oldest
  where not exists (select from ${outbox} job where job.lane = oldest.lane and dead_at is null and (front or leased))`;

/** Reads them. */
export async function collect({ tables }: Pick<Db, 'tables'>): Promise<DatabaseMetrics> {
  const count = (condition: ReturnType<typeof sql>) =>
    sql`(select count(*)::int from (select from ${outbox} where kind = kinds.kind and ${condition} limit ${countedAtMost}) counted)`;
  const [row] = await tables.execute<{
    pending: number;
    oldest: string | null;
    kinds: Omit<QueueDepth, 'queue'>[] | null;
    stalledLanes: number;
    unknownIds: number;
    connections: DatabaseMetrics['connections'] | null;
  }>(sql`
    select
      (select count(*)::int from registrations where status = 'pending') as pending,
      (select min(requested_at) from registrations where status = 'pending') as oldest,
      (select json_agg(each) from (
        select kind,
          ${count(sql`dead_at is null and not leased`)} + ${count(sql`leased`)} as jobs,
          ${count(sql`dead_at is null and retries > 0`)} as retrying,
          coalesce(dead.count, 0) as "deadLetters",
          coalesce((select extract(epoch from clock_timestamp() - min(run_at))::float8 from ${outbox}
            where kind = kinds.kind and dead_at is null and not leased and run_at <= now()), 0) as lag
        from jsonb_array_elements_text(${JSON.stringify(effectKinds)}::jsonb) as kinds (kind)
        left join (
          select kind, count(*)::int as count
          from (select kind from ${outbox} where dead_at is not null limit ${countedAtMost}) counted group by kind) dead using (kind)
        ) each) as kinds,
      (${stalledLanes}) as "stalledLanes",
      (${recentUnknown}) as "unknownIds",
      (select json_agg(c) from (
        select application_name as pool, count(*)::int as count,
          case when wait_event_type = 'Lock' then 'waiting' when state = 'idle' then 'idle' else 'in_use' end as state
        from pg_stat_activity where datname = current_database() and application_name = 'registrar'
        group by 1, 3) c) as connections`);
  const at = (moment: string | null | undefined) => (moment ? new Date(moment) : null);
  return {
    pending: { count: row?.pending ?? 0, oldest: at(row?.oldest) },
    outbox: (row?.kinds ?? []).map((one) => ({ ...one, queue: queueOf(one.kind) })),
    stalledLanes: row?.stalledLanes ?? 0,
    unknownIds: row?.unknownIds ?? 0,
    access: await countUnsettled({ tables }),
    connections: row?.connections ?? [],
  };
}
