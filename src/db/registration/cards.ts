/** Cards: everything that a registration's card and messages show, and where the card is in Slack. */
import { and, asc, desc, eq, gt, inArray, isNull, ne, type SQL, sql } from 'drizzle-orm';
import { allowedApprovers, type Policy } from '../../domain/authorization.ts';
import { type CopiesEffect, laneOf, type Priority } from '../../domain/effects.ts';
import { maxCounted } from '../../domain/pagination.ts';
import { cardMarker, type MessageLocation } from '../../domain/reference.ts';
import { type HistoryEvent, isLive, maxOtherServices, type Registration } from '../../domain/registration.ts';
import { updatePendingMessage, updateReminders } from '../../domain/reminder.ts';
import { serviceState } from '../../domain/service.ts';
import { findShown } from '../access/shown.ts';
import type { Tx } from '../client.ts';
import { currentId } from '../current-channel.ts';
import type { Db } from '../db.ts';
import { applications, history, isLiveRow, registrations, services } from '../schema/core.ts';
import { askedByRegistration } from './approver-messages.ts';
import * as registrationRows from './registrations.ts';

/**
 * Where a card is in Slack, and which version of it is shown: `shownVersion` is the registration's version plus its
 * `card_changes`. Both only rise, so a card is up to date when its `shownVersion` is not below the registration's.
 */
export type CardLocation = { channel: string; ts: string; shownVersion: number };

/** The `shownVersion` of a card that may show anything: whether it is up to date is not known. */
export const unknownVersion = 0;

/** How many previous requests a card lists. */
const maxPreviousRequests = 3;

/**
 * Finds a registration with all that its card shows, the `shownVersion` that shows it as it is now, and the location of its
 * card: null before it is posted. Undefined where there is no such registration.
 */
export async function find(
  db: Db,
  id: number,
  policy: Policy,
): Promise<
  { registration: Registration; shownVersion: number; place: CardLocation | null; isUnposted: boolean } | undefined
> {
  const row = await registrationRows.find(db, id);
  if (!row) return undefined;
  const { publicId, version, status, requester, reason, requestedAt } = row.registration;
  const { cardChannel, cardTs, cardVersion, cardChanges } = row.registration;
  const { applicationId, changedAt } = row.registration;
  const access = await findShown(db, [
    { id, publicId, applicationId, status, changedAt, access: row.service.access, hadAccess: row.hadAccess },
  ]);
  const previous = await previousRequests(db, row.registration);
  const histories = await historiesOf(db, [id, ...previous.map((one) => one.id)]);
  return {
    registration: {
      id,
      publicId,
      version,
      status,
      requester,
      reason,
      requestedAt,
      service: {
        name: row.service.name,
        description: row.service.description,
        docs: row.service.docs,
        state: serviceState(row.service),
      },
      application: row.application,
      // A closed card is not updated when the application changes hands.
      owners: isLive(status) ? row.owners : row.registration.ownersAtRequest,
      applicationDeleted: row.applicationDeletedAt !== null,
      approvers: allowedApprovers(row.service, policy),
      otherServices: await otherServices(db, row.registration),
      // Events since the row was read are shown by the next update.
      history: (histories.get(id) ?? []).filter((entry) => entry.version <= version),
      askedAgain: await wasAskedAgain(db, row.registration),
      access: access.get(id) ?? null,
      previousRequests: previous.map(({ id: each, channel, ts, ...one }) => ({
        ...one,
        card: channel && ts ? { channel, ts } : null,
        history: histories.get(each) ?? [],
      })),
    },
    shownVersion: version + cardChanges,
    place: cardChannel && cardTs ? { channel: cardChannel, ts: cardTs, shownVersion: cardVersion ?? 0 } : null,
    // It was over before its card was posted, and gets none any longer.
    isUnposted: cardTs === null && cardVersion !== null,
  };
}

/** Records where a registration's card is and which version it shows. This is no change of the registration. */
export async function markRendered(db: Db, id: number, { channel, ts, shownVersion }: CardLocation): Promise<void> {
  await db.tables
    .update(registrations)
    .set({ cardChannel: currentId(channel), cardTs: ts, cardVersion: shownVersion })
    .where(eq(registrations.id, id));
}

/** Records a card that has been posted, and enqueues the update of Homes: they link to it, and may have been drawn meanwhile. */
export async function recordPosted(
  db: Db,
  { id, version }: Pick<Registration, 'id' | 'version'>,
  card: CardLocation,
): Promise<void> {
  await db.tables.transaction(async (tx) => {
    await markRendered({ ...db, tables: tx }, id, card);
    await db.outbox.enqueue(tx, [{ kind: 'homes', registration: id, version, posted: true }]);
  });
}

/** Records that a registration has no card and gets none: it was over before one was posted. Nothing is left to update. */
export async function markUnposted(db: Db, id: number, shownVersion: number): Promise<void> {
  await db.tables
    .update(registrations)
    .set({ cardVersion: shownVersion })
    .where(and(eq(registrations.id, id), isNull(registrations.cardTs)));
}

/**
 * Records that a registration's card has moved, and enqueues the updates that link to it from the old card and from
 * Homes. `shownVersion` is 0 where the new card was posted by an attempt whose outcome was unknown, so that it is updated.
 */
export async function recordMove(
  db: Db,
  { id, version }: Pick<Registration, 'id' | 'version'>,
  from: CardLocation,
  { channel, ts, shownVersion }: CardLocation,
): Promise<void> {
  await db.tables.transaction(async (tx) => {
    await tx
      .update(registrations)
      .set({ cardChannel: currentId(channel), cardTs: ts, cardVersion: shownVersion })
      .where(eq(registrations.id, id));
    await db.outbox.enqueue(
      tx,
      [
        { kind: 'moved', registration: id, channel: from.channel, ts: from.ts },
        { kind: 'homes', registration: id, version },
      ],
      'bulk',
    );
  });
}

/** How far around a message copies of it are looked for, in seconds: only it is meant. */
const around = 0.5;

/** Has a message removed that bears the mark of a registration's card, and is not its card. */
export async function removeCopy(
  db: Db,
  { id, publicId, cardTs }: { id: number; publicId: string; cardTs: string | null },
  { channel, ts }: MessageLocation,
): Promise<void> {
  const copy: CopiesEffect = {
    kind: 'copies',
    of: laneOf({ kind: 'card', registration: id, version: 1 }),
    to: channel,
    channel,
    marker: cardMarker({ id, publicId }),
    posted: cardTs,
    above: Number(ts) - around,
    below: Number(ts) + around,
  };
  await db.tables.transaction((tx) => db.outbox.enqueue(tx, [copy]));
}

/** How many cards are marked in one transaction. */
const batch = 200;

/**
 * Enqueues updates of a batch of the cards of a service's pending requests, those with ids above `after`. Returns the last
 * id; undefined at the end.
 */
export async function markPendingStale(db: Db, service: number, after: number): Promise<number | undefined> {
  return db.tables.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(registrations)
      .where(inArray(registrations.id, await registrationRows.somePending(tx, service, after, batch)))
      .orderBy(asc(registrations.id));
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await markStale(tx, db, ids);
    // Others may be asked now, and what lists the requests shows who decides and whether the service is open.
    const asked = await askedByRegistration(tx, ids);
    const listing = rows.flatMap((row) => [
      { kind: 'ask-approvers' as const, registration: row.id },
      ...updateReminders({ ...row, asked: asked.get(row.id) ?? [] }),
      ...updatePendingMessage(row),
    ]);
    const distinct = new Map(listing.map((effect) => [JSON.stringify(effect), effect]));
    await db.outbox.enqueue(tx, [...distinct.values()], 'bulk');
    return ids.length === batch ? ids.at(-1) : undefined;
  });
}

/**
 * Enqueues updates of some of the cards of an application's other pending requests, those with ids above `after`: they show
 * what it has access to, where an event of one of its registrations changed that. Returns the last id; undefined at the end.
 */
export async function markOthersStale(
  db: Db,
  registration: number,
  version: number,
  after: number,
): Promise<number | undefined> {
  const rows = await db.tables.execute<{ id: string }>(sql`
    select id from ${registrations} where status = 'pending' and id > ${after} and id <> ${registration}
      and application_id = (
        select r.application_id from ${history} h join ${registrations} r on r.id = h.registration_id
        where h.registration_id = ${registration} and h.version = ${version} and 'approved' in (h.from_status, h.to_status))
    order by id limit ${batch}`);
  const ids = rows.map(({ id }) => Number(id));
  if (ids.length > 0) await db.tables.transaction((tx) => markStale(tx, db, ids));
  return ids.length === batch ? ids.at(-1) : undefined;
}

/**
 * Enqueues updates of these registrations' cards: for the transaction that changes anything they show except the status,
 * because such a change raises no version. Rows are locked in the order of their ids, as everywhere, against deadlocks.
 */
export async function markStale(tx: Tx, db: Db, ids: number[], priority: Priority = 'bulk'): Promise<void> {
  const which = inArray(registrations.id, ids);
  await tx.select({ id: registrations.id }).from(registrations).where(which).orderBy(registrations.id).for('update');
  const marked = await tx
    .update(registrations)
    .set({ cardChanges: sql`${registrations.cardChanges} + 1` })
    .where(which)
    .returning({ registration: registrations.id, version: registrations.version });
  await db.outbox.enqueue(
    tx,
    marked.map((one) => ({ kind: 'card', ...one })),
    priority,
  );
}

/** Lists the latest requests before this one for the same service, by the same application or requester. */
async function previousRequests(
  db: Db,
  { id, serviceId, applicationId, requester }: typeof registrations.$inferSelect,
) {
  // The latest of each, in an index's order: with one condition for both, PostgreSQL may read through all older requests.
  const latest = (which: SQL) => sql`
    (select id from ${registrations} where ${which} and service_id = ${serviceId} and id < ${id}
    order by id desc limit ${maxPreviousRequests})`;
  const ofApplication = latest(sql`application_id = ${applicationId}`);
  const ofRequester = latest(sql`requester = ${requester}`);
  return db.tables
    .select({
      id: registrations.id,
      application: applications.name,
      requester: registrations.requester,
      requestedAt: registrations.requestedAt,
      channel: registrations.cardChannel,
      ts: registrations.cardTs,
    })
    .from(registrations)
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(sql`${registrations.id} in (${ofApplication} union ${ofRequester})`)
    .orderBy(desc(registrations.id))
    .limit(maxPreviousRequests);
}

/** Tells whether the act that unregistered a registration asked for the same again. */
async function wasAskedAgain(
  db: Db,
  { id, status, applicationId, serviceId, changedAt, changedBy }: typeof registrations.$inferSelect,
): Promise<boolean> {
  if (status !== 'unregistered' || changedBy === null) return false;
  const [following] = await db.tables
    .select({ at: registrations.requestedAt, by: registrations.requester })
    .from(registrations)
    .where(
      and(
        eq(registrations.applicationId, applicationId),
        eq(registrations.serviceId, serviceId),
        gt(registrations.id, id),
      ),
    )
    .orderBy(asc(registrations.id))
    .limit(1);
  return following?.at.getTime() === changedAt.getTime() && following.by === changedBy;
}

/**
 * Lists the other services that the application of a pending request has access to, by name; at most `maxOtherServices`, of the
 * first `maxCounted` that it is registered for.
 */
async function otherServices(db: Db, { id, applicationId, status }: typeof registrations.$inferSelect) {
  if (status !== 'pending') return [];
  const live = db.tables
    .select({ serviceId: registrations.serviceId, status: registrations.status })
    .from(registrations)
    .where(and(eq(registrations.applicationId, applicationId), isLiveRow, ne(registrations.id, id)))
    .orderBy(asc(registrations.serviceId))
    .limit(maxCounted)
    .as('live');
  const some = db.tables.select().from(live).where(eq(live.status, 'approved')).limit(maxOtherServices).as('some');
  const rows = await db.tables
    .select({ name: services.name })
    .from(some)
    .innerJoin(services, eq(services.id, some.serviceId))
    .orderBy(sql`lower(${services.name})`, asc(services.id));
  return rows.map(({ name }) => name);
}

/** Lists the events of these registrations, oldest first, by registration. */
async function historiesOf(db: Db, ids: number[]): Promise<Map<number, HistoryEvent[]>> {
  const entries = await db.tables
    .select()
    .from(history)
    .where(inArray(history.registrationId, ids))
    .orderBy(asc(history.registrationId), asc(history.version));
  return Map.groupBy(entries, (entry) => entry.registrationId);
}
