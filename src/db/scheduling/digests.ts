/** Digests: what a channel's last seven days were. They cost what happened in them and what is pending, not what exists. */
import { type SQL, sql } from 'drizzle-orm';
import type { Oldest, Week } from '../../domain/digest.ts';
import { toInstant } from '../../domain/schedule.ts';
import type { Db } from '../db.ts';
import { claimTick, type Tick } from './ticks.ts';

/** Where requests are posted whose service names no channel, and in whose days the week is counted. */
type Setting = { adminChannel: string; timeZone: string };

/** Serves a tick: puts a digest into the outbox for each channel with something to tell. Returns for how many. */
export async function claimDigests(db: Db, tick: Tick, { adminChannel, timeZone }: Setting): Promise<number> {
  const at = toInstant(tick.reading, timeZone).toISOString();
  return db.tables.transaction(async (tx) => {
    if (!(await claimTick(tx, tick))) return 0;
    const channels = await tx.execute<{ channel: string }>(sql`
      select distinct coalesce(s.channel, ${adminChannel}) as channel
      from (
        select service_id from registrations where status = 'pending'
        union
        select r.service_id from history h ${registrationOf} where ${within(at, timeZone)}) r
      ${serviceOf} order by channel`);
    const effects = channels.map(({ channel }) => ({ kind: 'digest', channel, at }) as const);
    if (effects.length > 0) await db.outbox.enqueue(tx, effects);
    return effects.length;
  });
}

/** A channel's seven whole days before the one that `at` is in, and what waits there now. */
export async function summarizeWeek(
  db: Db,
  { channel, at, adminChannel, timeZone }: Setting & { channel: string; at: string },
): Promise<Week> {
  const inChannel = sql`coalesce(s.channel, ${adminChannel}) = ${channel}`;
  const first = firstDay(at, timeZone);
  // One reading of the week's events: a row for each day, also where nothing happened, and one without a day for all of them.
  const rows = await db.tables.execute<Counted>(sql`
    with events as (
      select (h.at at time zone ${timeZone})::date as day, h.action, h.to_status, h.from_status = 'pending' as decides,
        extract(epoch from h.at - r.requested_at) * 1000 as took
      from history h ${registrationOf} ${serviceOf}
      where ${within(at, timeZone)} and ${inChannel}),
    days as (select ${first}::date + n as day from generate_series(0, 6) n)
    select to_char(day, 'YYYY-MM-DD') as date,
      ${tally(sql`action = 'request'`)} as opened,
      ${tally(sql`action = 'request' and to_status = 'approved'`)} as automatic,
      ${tally(sql`decides and action = 'approve'`)} as approved,
      ${tally(sql`decides and action = 'reject'`)} as rejected,
      ${tally(sql`decides and action = 'unregister'`)} as withdrawn,
      ${tally(sql`decides and action = 'delete'`)} as deleted,
      ${tally(sql`decides and action = 'expire'`)} as expired,
      to_json(percentile_cont(array[0.5, 0.95]) within group (order by took::float8)
        filter (where decides and action in ('approve', 'reject'))) as waits
    from days left join events using (day)
    group by grouping sets ((day), ()) order by day nulls last`);
  const all = rows.at(-1);
  const [pending] = await db.tables.execute<Pending>(sql`
    select r.service, a.name as application, r.requested_at as "requestedAt",
      r.card_channel as channel, r.card_ts as ts, r.waiting
    from (
      select r.*, s.name as service, (count(*) over ())::int as waiting
      from registrations r ${serviceOf}
      where r.status = 'pending' and ${inChannel}
      order by r.requested_at, r.id limit 1) r
    join applications a on a.id = r.application_id`);
  const [median, percentile95] = all?.waits ?? [];
  return {
    days: rows.slice(0, -1).map(({ date, opened, approved, rejected }) => ({ date, opened, approved, rejected })),
    automatic: all?.automatic ?? 0,
    withdrawn: all?.withdrawn ?? 0,
    deleted: all?.deleted ?? 0,
    expired: all?.expired ?? 0,
    timeToDecision: median === undefined || percentile95 === undefined ? null : { median, percentile95 },
    waiting: pending?.waiting ?? 0,
    oldest: pending ? oldestOf(pending) : null,
  };
}

/** The oldest of the pending ones, and how many they are. Raw statements answer with dates as text. */
type Pending = Omit<Oldest, 'requestedAt'> & { requestedAt: string; waiting: number };

const oldestOf = ({ service, application, requestedAt, channel, ts }: Pending): Oldest => ({
  service,
  application,
  requestedAt: new Date(requestedAt),
  channel,
  ts,
});

/**
 * One by one, by their keys: a plain join may be done by reading all that there is, which is quicker for the busiest of
 * weeks and slower each year.
 */
const registrationOf = sql`
  cross join lateral (select service_id, requested_at from registrations where id = h.registration_id limit 1) r`;
const serviceOf = sql`
  cross join lateral (select name, channel from services where id = r.service_id limit 1) s`;

type Counted = Record<
  'opened' | 'automatic' | 'approved' | 'rejected' | 'withdrawn' | 'deleted' | 'expired',
  number
> & {
  date: string;
  waits: [number, number] | null;
};

const tally = (condition: SQL): SQL => sql`(count(*) filter (where ${condition}))::int`;

/** Midnight of the first of the seven days, by the clock on the wall: days are not all of the same length. */
const firstDay = (at: string, timeZone: string): SQL =>
  sql`(date_trunc('day', ${at}::timestamptz at time zone ${timeZone}) - interval '7 days')`;

const within = (at: string, timeZone: string): SQL => sql`
  h.at >= ${firstDay(at, timeZone)} at time zone ${timeZone}
  and h.at < (${firstDay(at, timeZone)} + interval '7 days') at time zone ${timeZone}`;
