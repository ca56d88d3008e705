/** Reminders: which pending requests are due is claimed once, by whichever replica is first. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { growth } from '../domain/reminder.ts';
import type { Db } from './client.ts';
import { applications, registrations, services } from './schema.ts';

/** Any number, the same for all replicas: one of them claims at a time, so that a channel's reminder is one message. */
const tickLock = 727_433;

export type Tick = {
  /** The moment the schedule names, the same on every replica, whatever its clock says. */
  at: Date;
  /** REMIND_AFTER, in milliseconds. */
  remindAfter: number;
  adminChannel: string;
};

/**
 * Claims the requests that are due at a tick, sets their next date, and puts one reminder for each channel into the
 * outbox. Costs what is due, not what exists; what is just being decided is skipped. Returns how many were claimed.
 */
export async function claim(db: Db, { at, remindAfter, adminChannel }: Tick): Promise<number> {
  return db.tables.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${tickLock})`);
    const moment = at.toISOString();
    const claimed = await tx.execute<{ id: string; channel: string }>(sql`
      with due as (
        select id from registrations where status = 'pending' and remind_at <= ${moment}::timestamptz
        order by remind_at for update skip locked)
      update registrations r set
        reminders = reminders + 1,
        remind_at = ${moment}::timestamptz + make_interval(secs => ${remindAfter / 1000}::float8 * power(${growth}::float8, least(reminders + 1, 20)))
      from due, services s
      where r.id = due.id and s.id = r.service_id
      returning r.id, coalesce(s.channel, ${adminChannel}) as channel`);
    const byChannel = Map.groupBy(claimed, ({ channel }) => channel);
    if (byChannel.size > 0) {
      await db.outbox.enqueue(
        tx,
        [...byChannel].map(([channel, rows]) => ({
          kind: 'reminder',
          channel,
          tick: moment,
          registrations: rows.map(({ id }) => Number(id)),
        })),
      );
    }
    return claimed.length;
  });
}

/** Of the claimed requests, those that are still pending, oldest first: what a reminder lists. */
export async function waiting(db: Db, ids: number[]) {
  return db.tables
    .select({
      service: services.name,
      application: applications.name,
      requester: registrations.requester,
      requestedAt: registrations.requestedAt,
      channel: registrations.cardChannel,
      ts: registrations.cardTs,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(and(inArray(registrations.id, ids), eq(registrations.status, 'pending')))
    .orderBy(asc(registrations.requestedAt), asc(registrations.id));
}
