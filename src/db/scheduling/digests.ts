/** Digests: summarizes a channel's last seven days. The cost depends on their events and on what is pending only. */
import { type SQL, sql } from 'drizzle-orm';
import type { Oldest, Week } from '../../domain/digest.ts';
import { toInstant } from '../../domain/schedule.ts';
import type { Db } from '../db.ts';
import { claimTick, type Tick } from './ticks.ts';

/** The channel of services that name none, and the time zone in which days are counted. */
type Settings = { adminChannel: string; timeZone: string };

/** Claims a tick and enqueues a digest for each channel with events or pending requests. Returns how many. */
export async function claimDigests(db: Db, tick: Tick, { adminChannel, timeZone }: Settings): Promise<number> {
  const at = toInstant(tick.reading, timeZone).toISOString();
  return db.tables.transaction(async (tx) => {
    if (!(await claimTick(tx, tick))) return 0;
    const channels = await tx.execute<{ channel: string }>(sql`
      select distinct coalesce(s.channel, ${adminChannel}) as channel
      from (
        select service_id from registrations where status = 'pending'
        union
        select r.service_id from history h ${registrationOf} where ${duringWeek(at, timeZone)}) r
      ${serviceOf} order by channel`);
    const effects = channels.map(({ channel }) => ({ kind: 'digest', channel, at }) as const);
    if (effects.length > 0) await db.outbox.enqueue(tx, effects);
    return effects.length;
  });
}

/** Summarizes a channel's seven whole days before the day of `at`, and what is pending there now. */
export async function summarizeWeek(
  db: Db,
  { channel, at, adminChannel, timeZone }: Settings & { channel: string; at: string },
): Promise<Week> {
  const inChannel = sql`coalesce(s.channel, ${adminChannel}) = ${channel}`;
  const first = firstDay(at, timeZone);
  // One scan of the week's events: a row for each day, also an empty one, and a last row for all of them.
  const rows = await db.tables.execute<DayRow>(sql`
    with events as (
      select (h.at at time zone ${timeZone})::date as day, h.action, h.to_status, h.from_status = 'pending' as decides,
        extract(epoch from h.at - r.requested_at) * 1000 as took
      from history h ${registrationOf} ${serviceOf}
      where ${duringWeek(at, timeZone)} and ${inChannel}),
    days as (select ${first}::date + n as day from generate_series(0, 6) n)
    select to_char(day, 'YYYY-MM-DD') as date,
      ${countWhere(sql`action = 'request'`)} as opened,
      ${countWhere(sql`action = 'request' and to_status = 'approved'`)} as automatic,
      ${countWhere(sql`decides and action = 'approve'`)} as approved,
      ${countWhere(sql`decides and action = 'reject'`)} as rejected,
      ${countWhere(sql`decides and action = 'unregister'`)} as withdrawn,
      ${countWhere(sql`decides and action = 'delete'`)} as deleted,
      ${countWhere(sql`decides and action = 'expire'`)} as expired,
      to_json(percentile_cont(array[0.5, 0.95]) within group (order by took::float8)
        filter (where decides and action in ('approve', 'reject'))) as waits
    from days left join events using (day)
    group by grouping sets ((day), ()) order by day nulls last`);
  const total = rows.at(-1);
  const [pending] = await db.tables.execute<Pending>(sql`
    select r.service, a.name as application, r.requested_at as "requestedAt",
      r.card_channel as channel, r.card_ts as ts, r.waiting
    from (
      select r.*, s.name as service, (count(*) over ())::int as waiting
      from registrations r ${serviceOf}
      where r.status = 'pending' and ${inChannel}
      order by r.requested_at, r.id limit 1) r
    join applications a on a.id = r.application_id`);
  const [median, percentile95] = total?.waits ?? [];
  return {
    days: rows.slice(0, -1).map(({ date, opened, approved, rejected }) => ({ date, opened, approved, rejected })),
    automatic: total?.automatic ?? 0,
    withdrawn: total?.withdrawn ?? 0,
    deleted: total?.deleted ?? 0,
    expired: total?.expired ?? 0,
    timeToDecision: median === undefined || percentile95 === undefined ? null : { median, percentile95 },
    waiting: pending?.waiting ?? 0,
    oldest: pending ? oldestOf(pending) : null,
  };
}

/** The oldest pending request, and how many there are. Raw statements return dates as text. */
type Pending = Omit<Oldest, 'requestedAt'> & { requestedAt: string; waiting: number };

const oldestOf = ({ service, application, requestedAt, channel, ts }: Pending): Oldest => ({
  service,
  application,
  requestedAt: new Date(requestedAt),
  channel,
  ts,
});

/**
 * Joins row by row, by key. For a plain join the planner may choose to scan the whole table, which is faster for the
 * busiest weeks only and gets slower every year.
 */
const registrationOf = sql`
  cross join lateral (select service_id, requested_at from registrations where id = h.registration_id limit 1) r`;
const serviceOf = sql`
  cross join lateral (select name, channel from services where id = r.service_id limit 1) s`;

/** A day's counts, and its median and 95th percentile of the time to a decision, in milliseconds. */
type DayRow = Record<'opened' | 'automatic' | 'approved' | 'rejected' | 'withdrawn' | 'deleted' | 'expired', number> & {
  date: string;
  waits: [number, number] | null;
};

const countWhere = (condition: SQL): SQL => sql`(count(*) filter (where ${condition}))::int`;

/** Selects midnight of the first of the seven days, in wall-clock time, because not every day has 24 hours. */
const firstDay = (at: string, timeZone: string): SQL =>
  sql`(date_trunc('day', ${at}::timestamptz at time zone ${timeZone}) - interval '7 days')`;

const duringWeek = (at: string, timeZone: string): SQL => sql`
  h.at >= ${firstDay(at, timeZone)} at time zone ${timeZone}
  and h.at < (${firstDay(at, timeZone)} + interval '7 days') at time zone ${timeZone}`;
