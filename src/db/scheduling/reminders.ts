/** Reminders: claims the pending requests that are due, lists what a reminder shows, and snoozes requests. */
import { and, asc, desc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import { allowedApprovers, checkDecision, type Memberships, type Policy } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import { maxCounted } from '../../domain/pagination.ts';
import type { Refusal } from '../../domain/registration.ts';
import { escalatedFrom, maxReminders, nextReminders, updateReminders } from '../../domain/reminder.ts';
import { toInstant } from '../../domain/schedule.ts';
import { ownersOf } from '../application/owners.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { askedByRegistration } from '../registration/approver-messages.ts';
import { countSome, lockInApplication, ownersOfApplication } from '../registration/registrations.ts';
import { applications, isPending, registrations, services } from '../schema/core.ts';
import { claimTick, lockTick, type Tick } from './ticks.ts';

/** How often to remind, and where. */
export type ReminderSettings = {
  /** REMIND_AFTER, in milliseconds. */
  remindAfter: number;
  adminChannel: string;
  escalationChannel: string | undefined;
};

/** How many requests are claimed in one transaction. */
const batch = 1_000;

/**
 * Claims the requests that are due at a tick and sets the date of their next reminder, a batch at a time; with the last batch
 * the tick is served, and its messages are enqueued. Does nothing where another replica has served the tick; where one has
 * died in the middle of it, it goes on from there. A request that is being decided right now is skipped. The cost depends on
 * what is due only. Returns how many this replica claimed.
 */
export async function claimReminders(
  db: Db,
  tick: Tick,
  timeZone: string,
  settings: ReminderSettings,
): Promise<number> {
  const at = toInstant(tick.reading, timeZone);
  let claimed = 0;
  for (let more = true; more; ) {
    more = await db.tables.transaction(async (tx) => {
      if (!(await lockTick(tx, tick))) return false;
      const count = await claimDue(tx, at, timeZone, settings);
      claimed += count;
      if (count === batch) return true;
      await claimTick(tx, tick);
      const toChannels = await listChannels(tx, at, settings);
      const toPeople: Effect[] = toChannels.length > 0 ? [{ kind: 'remind-approvers', tick: at.toISOString() }] : [];
      await db.outbox.enqueue(tx, [...toChannels, ...toPeople]);
      return false;
    });
  }
  return claimed;
}

async function claimDue(
  tx: Tx,
  at: Date,
  timeZone: string,
  { remindAfter, adminChannel, escalationChannel = '' }: ReminderSettings,
): Promise<number> {
  const moment = sql`${at.toISOString()}::timestamptz`;
  const dates = nextReminders(at, remindAfter, timeZone).map((date) => sql`${date.toISOString()}::timestamptz`);
  const claimed = await tx.execute(sql`
    with due as (
      select id from registrations where status = 'pending' and remind_at <= ${moment}
      order by remind_at limit ${batch} for update skip locked)
    update registrations r set
      reminders = r.reminders + 1,
      remind_at = (array[${sql.join(dates, sql`, `)}])[r.reminders + 1],
      first_reminded_at = coalesce(r.first_reminded_at, ${moment}),
      reminded_at = ${moment},
      reminded_in = coalesce(s.channel, ${adminChannel}),
      escalated_in = case when r.reminders + 1 >= ${escalatedFrom}
        then nullif(nullif(${escalationChannel}, coalesce(s.channel, ${adminChannel})), '') end,
      put_off_by = null
    from due, services s
    where r.id = due.id and s.id = r.service_id
    returning r.id`);
  return claimed.length;
}

/**
 * Lists the messages to channels about what a tick has claimed, whichever replicas claimed it. It steps from channel to
 * channel, however many requests each has.
 */
async function listChannels(tx: Tx, at: Date, { adminChannel }: ReminderSettings): Promise<Effect[]> {
  const moment = sql`${at.toISOString()}::timestamptz`;
  const of = sql`${registrations} where status = 'pending' and reminded_at = ${moment}`;
  const found = await tx.execute<{ kind: 'reminder' | 'stopped'; channel: string }>(sql`
    (select 'reminder' as kind, value as channel from ${distinct(sql`reminded_in`, of)})
    union (select 'reminder', value from ${distinct(sql`escalated_in`, of)})
    union select 'stopped', ${adminChannel} where exists (
      select from ${registrations} where ${hadLast} and reminded_at = ${moment})
    order by 1, 2`);
  const tick = at.toISOString();
  return found.map(({ kind, channel }) => ({ kind, channel, tick }));
}

/** Selects the values of a column, in an index's order: it steps from each to the next, however many rows have it. */
export function distinct(column: SQL, of: SQL): SQL {
  const next = (after: SQL) => sql`(select min(${column}) from ${of} and ${column} > ${after})`;
  return sql`(
    with recursive listed(value) as (
      select ${next(sql`''`)} union all select ${next(sql`listed.value`)} from listed where listed.value is not null)
    select value from listed where value is not null) listed`;
}

/** Requests that a tick claimed and that are still pending: the oldest of them, and how many there are. */
export type PendingReminder = { rows: Awaited<ReturnType<typeof listOldest>>; total: number };

/** Lists what a channel's reminder shows. */
export const listInChannel = (db: Db, channel: string, tick: Date, limit: number): Promise<PendingReminder> =>
  listWithTotal(db, limit, inChannel(channel, tick, limit), inChannel(channel, tick, maxCounted));

/** Lists a requester's requests that had their first reminder at a tick: those still pending, and some that are not. */
export async function listOfRequester(
  db: Db,
  requester: string,
  tick: Date,
  limit: number,
): Promise<PendingReminder & { over: PendingReminder['rows'] }> {
  const which = and(eq(registrations.requester, requester), eq(registrations.firstRemindedAt, tick));
  // In one statement: of two, the one before and the other after a decision, both would list that request, or neither.
  const listed = await listOldest(db, which, limit, desc(isPending));
  const rows = listed.filter(({ registration }) => registration.status === 'pending');
  const over = listed.filter((row) => !rows.includes(row));
  return { rows, over, total: await totalOf(db, rows, limit, and(which, isPending)) };
}

/** Lists the requests that had their last reminder at a tick. */
export const listStopped = (db: Db, tick: Date, limit: number): Promise<PendingReminder> =>
  listWithTotal(db, limit, and(hadLast, eq(registrations.remindedAt, tick)));

/** Selects pending requests that had their last reminder. A literal, as in the index. */
const hadLast = sql`${isPending} and ${registrations.reminders} = ${sql.raw(String(maxReminders))}`;

/** Selects the oldest requests that a channel's reminder lists: its own ones, and those escalated to it. Each is read in an index's order. */
const inChannel = (channel: string, tick: Date, limit: number): SQL => {
  const oldest = (column: typeof registrations.remindedIn | typeof registrations.escalatedIn) => sql`
    (select id, requested_at from ${registrations} where status = 'pending'
      and reminded_at = ${tick.toISOString()}::timestamptz and ${column} = ${channel}
    order by requested_at, id limit ${limit})`;
  return sql`${registrations.id} in (select id from (
    ${oldest(registrations.remindedIn)} union all ${oldest(registrations.escalatedIn)}) listed
    order by requested_at, id limit ${limit})`;
};

async function listWithTotal(db: Db, limit: number, which: SQL | undefined, all = which): Promise<PendingReminder> {
  const rows = await listOldest(db, which, limit);
  return { rows, total: await totalOf(db, rows, limit, all) };
}

/** Counts what a list is of. Only a full list can be incomplete, so only then is it counted. */
export const totalOf = async (
  db: Db,
  rows: unknown[],
  limit: number,
  which: ReturnType<typeof and>,
): Promise<number> => (rows.length < limit ? rows.length : countSome(db.tables, which));

/** Lists the oldest of these requests, those before others that `first` says; at most `limit`. */
export const listOldest = (db: Db, which: ReturnType<typeof and>, limit: number, ...first: SQL[]) =>
  db.tables
    .select({
      registration: registrations,
      application: applications.name,
      owners: ownersOfApplication,
      service: {
        name: services.name,
        approvers: services.approvers,
        channel: services.channel,
        registrationEnabled: services.registrationEnabled,
        retiredAt: services.retiredAt,
      },
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(which)
    .orderBy(...first, asc(registrations.requestedAt), asc(registrations.id))
    .limit(limit);

/** Who snoozes which request until when, and what decides whether they may. */
export type SnoozeCommand = { id: number; by: string; until: Date; policy: Policy; memberships: Memberships };

/** Snoozes a request, and enqueues updates of the reminders that list it. Returns why not, or null. */
export async function snooze(db: Db, { id, by, until, policy, memberships }: SnoozeCommand): Promise<Refusal | null> {
  return db.tables.transaction(async (tx) => {
    const row = await lockInApplication(tx, id);
    if (!row) return { kind: 'gone' };
    const { status, changedBy, changedAt, putOffBy, remindAt, ...rest } = row.registration;
    if (status !== 'pending') return { kind: 'already', last: { status, by: changedBy, at: changedAt } };
    const request = { ...row.registration, owners: await ownersOf(tx, row.registration.applicationId) };
    const refusal = checkDecision(by, request, allowedApprovers(row.service, policy), memberships, policy);
    if (refusal) return refusal;
    if (putOffBy && remindAt) return { kind: 'put-off', by: putOffBy, until: remindAt };
    await tx
      .update(registrations)
      .set({ putOffBy: by, remindAt: until })
      .where(and(eq(registrations.id, id), isNull(registrations.putOffBy)));
    const asked = await askedByRegistration(tx, [id]);
    await db.outbox.enqueue(tx, updateReminders({ ...rest, asked: asked.get(id) ?? [] }));
    return null;
  });
}
