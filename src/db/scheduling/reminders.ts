/** Reminders: claims the pending requests that are due, lists what a reminder shows, and snoozes requests. */
import { and, asc, desc, eq, isNull, or, type SQL, sql } from 'drizzle-orm';
import { allowedApprovers, checkDecision, type Memberships, type Policy } from '../../domain/authorization.ts';
import type { Effect } from '../../domain/effects.ts';
import type { Refusal } from '../../domain/registration.ts';
import {
  escalatedFrom,
  maxReminders,
  nextReminders,
  type ReminderLocation,
  updateReminders,
} from '../../domain/reminder.ts';
import { toInstant } from '../../domain/schedule.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { ownersOfApplication } from '../registration/registrations.ts';
import { applications, isPending, registrations, services } from '../schema/core.ts';
import { claimTick, type Tick } from './ticks.ts';

/** How often to remind, and where. */
export type ReminderSettings = {
  /** REMIND_AFTER, in milliseconds. */
  remindAfter: number;
  adminChannel: string;
  escalationChannel: string | undefined;
};

/**
 * Claims the requests that are due at a tick, sets the date of their next reminder and enqueues the messages, in one
 * transaction. Does nothing where another replica has served the tick. A request that is being decided right now is
 * skipped. The cost depends on what is due only. Returns how many were claimed.
 */
export async function claimReminders(
  db: Db,
  tick: Tick,
  timeZone: string,
  settings: ReminderSettings,
): Promise<number> {
  return db.tables.transaction(async (tx) => {
    if (!(await claimTick(tx, tick))) return 0;
    const { effects, claimed } = await claimDue(tx, toInstant(tick.reading, timeZone), timeZone, settings);
    if (effects.length > 0) await db.outbox.enqueue(tx, effects);
    return claimed;
  });
}

async function claimDue(
  tx: Tx,
  at: Date,
  timeZone: string,
  { remindAfter, adminChannel, escalationChannel = '' }: ReminderSettings,
) {
  const moment = sql`${at.toISOString()}::timestamptz`;
  const dates = nextReminders(at, remindAfter, timeZone).map((date) => sql`${date.toISOString()}::timestamptz`);
  const counts = await tx.execute<{ kind: 'reminder' | 'waiting' | 'stopped'; to: string; count: number }>(sql`
    with due as (
      select id from registrations where status = 'pending' and remind_at <= ${moment}
      order by remind_at for update skip locked),
    claimed as (
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
      returning r.requester, r.reminders, r.first_reminded_at, r.reminded_in, r.escalated_in)
    select kind, "to", count(*)::int as count from (
      select 'reminder' as kind, reminded_in as "to" from claimed
      union all select 'reminder', escalated_in from claimed where escalated_in is not null
      union all select 'waiting', requester from claimed where first_reminded_at = ${moment}
      union all select 'stopped', ${adminChannel} from claimed where reminders = ${maxReminders}
      union all select 'claimed', '' from claimed) counts
    group by kind, "to"`);
  const tick = at.toISOString();
  const effects = counts.flatMap(({ kind, to }): Effect[] => {
    if (kind === 'waiting') return [{ kind, person: to, tick }];
    return kind === 'reminder' || kind === 'stopped' ? [{ kind, channel: to, tick }] : [];
  });
  return { effects, claimed: counts.find(({ to }) => to === '')?.count ?? 0 };
}

/** Requests that a tick claimed and that are still pending: the oldest of them, and how many there are. */
export type PendingReminder = { rows: Awaited<ReturnType<typeof listOldest>>; total: number };

/** Lists what a channel's reminder shows. */
export const listInChannel = (db: Db, channel: string, tick: Date, limit: number): Promise<PendingReminder> =>
  listWithTotal(
    db,
    limit,
    remindedAt(tick),
    or(eq(registrations.remindedIn, channel), eq(registrations.escalatedIn, channel)),
  );

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
  listWithTotal(db, limit, remindedAt(tick), eq(registrations.reminders, maxReminders));

const remindedAt = (tick: Date) => eq(registrations.remindedAt, tick);

async function listWithTotal(db: Db, limit: number, ...which: Parameters<typeof and>): Promise<PendingReminder> {
  const pending = and(isPending, ...which);
  const rows = await listOldest(db, pending, limit);
  return { rows, total: await totalOf(db, rows, limit, pending) };
}

/** Counts what a list is of. Only a full list can be incomplete, so only then is it counted. */
const totalOf = async (db: Db, rows: unknown[], limit: number, which: ReturnType<typeof and>): Promise<number> =>
  rows.length < limit ? rows.length : db.tables.$count(registrations, which);

/** Lists the oldest of these requests, those before others that `first` says; at most `limit`. */
const listOldest = (db: Db, which: ReturnType<typeof and>, limit: number, ...first: SQL[]) =>
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
    const [row] = await tx
      .select({ registration: registrations, service: services, owners: ownersOfApplication })
      .from(registrations)
      .innerJoin(services, eq(services.id, registrations.serviceId))
      .where(eq(registrations.id, id))
      .for('update', { of: registrations });
    if (!row) return { kind: 'gone' };
    const { status, changedBy, changedAt, putOffBy, remindAt, ...rest } = row.registration;
    if (status !== 'pending') return { kind: 'already', last: { status, by: changedBy, at: changedAt } };
    const request = { ...row.registration, owners: row.owners };
    const refusal = checkDecision(by, request, allowedApprovers(row.service, policy), memberships, policy);
    if (refusal) return refusal;
    if (putOffBy && remindAt) return { kind: 'put-off', by: putOffBy, until: remindAt };
    await tx
      .update(registrations)
      .set({ putOffBy: by, remindAt: until })
      .where(and(eq(registrations.id, id), isNull(registrations.putOffBy)));
    const listed: ReminderLocation = rest;
    await db.outbox.enqueue(tx, updateReminders(listed));
    return null;
  });
}
