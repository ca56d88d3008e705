/** Reminders by direct message: whom a tick reminds that cannot see the cards, and whom its reminders have reached. */
import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import type { Approvers } from '../../domain/approvers.ts';
import { allowedApprovers, type Policy } from '../../domain/authorization.ts';
import type { Effect, RemindedPosition } from '../../domain/effects.ts';
import type { RequestParties } from '../../domain/own-request.ts';
import type { Db } from '../db.ts';
import { ownersOfApplication } from '../registration/registrations.ts';
import { isPending, registrations, services } from '../schema/core.ts';
import { approverMessages, remindedApprovers } from '../schema/direct-messages.ts';
import { outbox } from '../schema/outbox.ts';
import { distinct, listOldest, type PendingReminder, totalOf } from './reminders.ts';

/** With more people than these, their messages are bulk. */
const few = 500;

/** How many of the requests that a tick has claimed are gone through at a time. */
const batch = 200;

export type ClaimedRequest = RequestParties & { id: number; approvers: Approvers };

const { id, remindedIn, requestedAt } = registrations;
/** The order of an index. */
const inOrder = [asc(remindedIn), asc(requestedAt), asc(id)];
const position = { id, requestedAt, channel: sql<string>`${remindedIn}` };

const claimedAfter = (tick: Date, after: RemindedPosition | undefined) =>
  and(
    isPending,
    eq(registrations.remindedAt, tick),
    after &&
      sql`(${remindedIn}, ${requestedAt}, ${id}) > (${after.channel}, ${after.requestedAt}::timestamptz, ${after.id})`,
  );

/** Returns the position of the last row; undefined where there are no more. */
function nextOf(rows: { id: number; requestedAt: Date; channel: string }[]): RemindedPosition | undefined {
  const last = rows.length === batch ? rows.at(-1) : undefined;
  return last && { channel: last.channel, requestedAt: last.requestedAt.toISOString(), id: last.id };
}

/** Lists some of the requests that a tick has claimed, those after a position. `next`: the last one's; undefined at the end. */
export async function listClaimed(
  db: Db,
  tick: Date,
  after: RemindedPosition | undefined,
  policy: Policy,
): Promise<{ requests: ClaimedRequest[]; next: RemindedPosition | undefined }> {
  const { requester, ownersAtRequest } = registrations;
  const service = { approvers: services.approvers, channel: services.channel };
  const rows = await db.tables
    .select({ ...position, requester, ownersAtRequest, owners: ownersOfApplication, service })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(claimedAfter(tick, after))
    .orderBy(...inOrder)
    .limit(batch);
  return {
    requests: rows.map(({ service, ...row }) => ({ ...row, approvers: allowedApprovers(service, policy) })),
    next: nextOf(rows),
  };
}

/** Records that these people are reminded of these requests by direct message: of those still pending, under their locks. */
export async function recordReminded(db: Db, tick: Date, reminded: { id: number; people: string[] }[]): Promise<void> {
  const asked = reminded.filter(({ people }) => people.length > 0);
  if (asked.length === 0) return;
  await db.tables.transaction(async (tx) => {
    // What decides a request then knows of all who are reminded of it.
    const pending = await tx
      .select({ id })
      .from(registrations)
      .where(
        and(
          isPending,
          inArray(
            id,
            asked.map((one) => one.id),
          ),
        ),
      )
      .orderBy(asc(id))
      .for('update');
    const left = new Set(pending.map((one) => one.id));
    const rows = asked.flatMap(({ id, people }) => (left.has(id) ? people.map((person) => ({ id, person })) : []));
    // As one parameter: there may be more rows than a statement takes parameters.
    await tx.execute(sql`
      insert into ${approverMessages} (registration_id, person, reminded_at)
      select id, person, ${moment(tick)} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as reminded(id bigint, person text)
      on conflict (registration_id, person) do update set reminded_at = excluded.reminded_at`);
  });
}

const moment = (tick: Date) => sql`${tick.toISOString()}::timestamptz`;
const claimedAt = (tick: Date) => sql`${registrations} where status = 'pending' and reminded_at = ${moment(tick)}`;
const remindedOfTick = (tick: Date) => sql`${approverMessages} where reminded_at = ${moment(tick)}`;

/** Returns the effects that remind the people recorded at a tick, and then tell the requesters; and whether they are bulk. */
export async function effectsOfTick(db: Db, at: Date): Promise<{ effects: Effect[]; bulk: boolean }> {
  const people = await db.tables.execute<{ person: string }>(sql`
    select value as person from ${distinct(sql`person`, remindedOfTick(at))} order by 1`);
  const tick = at.toISOString();
  const reminders = people.map(({ person }) => ({ kind: 'direct-reminder', person, tick }) as const);
  return { effects: [...reminders, { kind: 'requesters', tick }], bulk: reminders.length > few };
}

/** Tells whether a reminder of a tick is on its way. What has failed may take days: it is not. */
export async function isOnItsWay(db: Db, tick: Date): Promise<boolean> {
  const [found] = await db.tables.execute(sql`
    select from ${outbox} where dead_at is null and retries = 0 and lane in (
      select 'reminder:' || value from ${distinct(sql`reminded_in`, claimedAt(tick))}
      union all select 'direct-reminder:' || value from ${distinct(sql`person`, remindedOfTick(tick))})
    limit 1`);
  return found !== undefined;
}

/**
 * Enqueues the messages to the requesters of some of what had its first reminder at a tick, the requests after a position.
 * Returns the last one's; undefined at the end.
 */
export async function tellRequesters(
  db: Db,
  tick: Date,
  after: RemindedPosition | undefined,
): Promise<RemindedPosition | undefined> {
  const { requester, firstRemindedAt } = registrations;
  const rows = await db.tables
    .select({ ...position, requester, first: sql<boolean>`${firstRemindedAt} = ${registrations.remindedAt}` })
    .from(registrations)
    .where(claimedAfter(tick, after))
    .orderBy(...inOrder)
    .limit(batch);
  const people = new Set(rows.filter(({ first }) => first).map((row) => row.requester));
  const effects = [...people].map((person) => ({ kind: 'waiting', person, tick: tick.toISOString() }) as const);
  const next = nextOf(rows);
  await db.tables.transaction((tx) => db.outbox.enqueue(tx, effects, next || after ? 'bulk' : undefined));
  return next;
}

/** Lists the requests that an approver was reminded of at a tick: those still pending, and some that are not. */
export async function listOfApprover(
  db: Db,
  person: string,
  tick: Date,
  limit: number,
): Promise<PendingReminder & { over: PendingReminder['rows'] }> {
  const which = inArray(
    registrations.id,
    db.tables
      .select({ id: approverMessages.registrationId })
      .from(approverMessages)
      .where(and(eq(approverMessages.person, person), eq(approverMessages.remindedAt, tick))),
  );
  const listed = await listOldest(db, which, limit, desc(isPending));
  const rows = listed.filter(({ registration }) => registration.status === 'pending');
  const over = listed.filter((row) => !rows.includes(row));
  return { rows, over, total: await totalOf(db, rows, limit, and(which, isPending)) };
}

/** An approver, a group or a channel that a reminder of a request has reached. */
export type Reached = { id: number; approver: string };

/** Records whom a reminder has reached. */
export async function recordReached(db: Db, reached: Reached[]): Promise<void> {
  if (reached.length === 0) return;
  await db.tables
    .insert(remindedApprovers)
    .values(reached.map(({ id, approver }) => ({ registrationId: id, approver })))
    .onConflictDoNothing();
}

/** Lists whom the reminders of these requests have reached. One that has reached no one is left out. */
export async function reachedByRegistration(db: Db, ids: number[]): Promise<Map<number, string[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db.tables
    .select()
    .from(remindedApprovers)
    .where(inArray(remindedApprovers.registrationId, ids))
    .orderBy(asc(remindedApprovers.registrationId), asc(remindedApprovers.approver));
  const byRegistration = Map.groupBy(rows, ({ registrationId }) => registrationId);
  return new Map([...byRegistration].map(([id, all]) => [id, all.map(({ approver }) => approver)]));
}
