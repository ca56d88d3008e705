/** Cards: a registration with all that its card and its messages show, and where the card is. */
import { and, asc, desc, eq, gt, inArray, lt, or, sql } from 'drizzle-orm';
import { allowedApprovers, type Policy } from '../../domain/authorization.ts';
import type { HistoryEvent, Registration } from '../../domain/registration.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applications, history, isPending, registrations } from '../schema/core.ts';
import { find as findRegistration } from './registrations.ts';

/**
 * Where a card is in Slack, and which drawing it is: the registration's version and its `card_changes`, added up. Both only
 * rise, so a card is up to date where its drawing is not below the registration's.
 */
export type CardLocation = { channel: string; ts: string; drawing: number };

/** How many earlier requests a card tells of. */
const earlierShown = 3;

/**
 * The registration, the drawing that shows it as it is, and the place of its card, null before it is posted; undefined
 * where there is no such registration.
 */
export async function find(
  db: Db,
  id: number,
  policy: Policy,
): Promise<{ registration: Registration; drawing: number; place: CardLocation | null } | undefined> {
  const row = await findRegistration(db, id);
  if (!row) return undefined;
  const { id: _, version, status, requester, reason, requestedAt } = row.registration;
  const { cardChannel, cardTs, cardVersion, cardChanges } = row.registration;
  const earlier = await earlierThan(db, row.registration);
  const stories = await storiesOf(db, [id, ...earlier.map((one) => one.id)]);
  return {
    registration: {
      id,
      version,
      status,
      requester,
      reason,
      requestedAt,
      service: { name: row.service.name, docs: row.service.docs },
      application: row.application,
      applicationDeleted: row.applicationDeletedAt !== null,
      approvers: allowedApprovers(row.service, policy),
      // What happened since the row was read belongs to the next drawing.
      history: (stories.get(id) ?? []).filter((entry) => entry.version <= version),
      previousRequests: earlier.map((one) => ({ ...one, history: stories.get(one.id) ?? [] })),
    },
    drawing: version + cardChanges,
    place: cardChannel && cardTs ? { channel: cardChannel, ts: cardTs, drawing: cardVersion ?? 0 } : null,
  };
}

/** Remembers where a registration's card is and which drawing it shows. Not a change of the registration. */
export async function markDrawn(db: Db, id: number, { channel, ts, drawing }: CardLocation): Promise<void> {
  await db.tables
    .update(registrations)
    .set({ cardChannel: channel, cardTs: ts, cardVersion: drawing })
    .where(eq(registrations.id, id));
}

/**
 * Remembers that a registration's card has a new place, and has the old one, and Homes, say where it went. `drawing` is 0 where what
 * stands there now was drawn by an attempt whose end was unknown.
 */
export async function recordMove(
  db: Db,
  { id, version }: Pick<Registration, 'id' | 'version'>,
  from: CardLocation,
  { channel, ts, drawing }: CardLocation,
): Promise<void> {
  await db.tables.transaction(async (tx) => {
    await tx
      .update(registrations)
      .set({ cardChannel: channel, cardTs: ts, cardVersion: drawing })
      .where(eq(registrations.id, id));
    await db.outbox.enqueue(tx, [
      { kind: 'moved', registration: id, channel: from.channel, ts: from.ts },
      { kind: 'homes', registration: id, version },
    ]);
  });
}

/** How many cards are outdated in one transaction. */
const batch = 200;

/** Has the cards of all that waits for a service redrawn. Done twice, it only redraws them twice. */
export async function markPendingStale(db: Db, service: number): Promise<void> {
  const waiting = and(eq(registrations.serviceId, service), isPending);
  let ids: number[] = [];
  do {
    const rows = await db.tables
      .select({ id: registrations.id })
      .from(registrations)
      .where(and(waiting, gt(registrations.id, ids.at(-1) ?? 0)))
      .orderBy(registrations.id)
      .limit(batch);
    ids = rows.map(({ id }) => id);
    if (ids.length > 0) await db.tables.transaction((tx) => markStale(tx, db, ids));
  } while (ids.length === batch);
}

/**
 * Has the cards of these registrations redrawn: for the transaction that changes anything they show beside the status,
 * which raises no version. Rows are locked in the order of their ids, as everybody does.
 */
export async function markStale(tx: Tx, db: Db, ids: number[]): Promise<void> {
  const which = inArray(registrations.id, ids);
  await tx.select({ id: registrations.id }).from(registrations).where(which).orderBy(registrations.id).for('update');
  const outdated = await tx
    .update(registrations)
    .set({ cardChanges: sql`${registrations.cardChanges} + 1` })
    .where(which)
    .returning({ registration: registrations.id, version: registrations.version });
  await db.outbox.enqueue(
    tx,
    outdated.map((one) => ({ kind: 'card', ...one })),
  );
}

async function earlierThan(db: Db, { id, serviceId, applicationId, requester }: typeof registrations.$inferSelect) {
  const sameAsker = or(eq(registrations.applicationId, applicationId), eq(registrations.requester, requester));
  return db.tables
    .select({
      id: registrations.id,
      application: applications.name,
      requester: registrations.requester,
      requestedAt: registrations.requestedAt,
    })
    .from(registrations)
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(and(eq(registrations.serviceId, serviceId), lt(registrations.id, id), sameAsker))
    .orderBy(desc(registrations.id))
    .limit(earlierShown);
}

async function storiesOf(db: Db, ids: number[]): Promise<Map<number, HistoryEvent[]>> {
  const entries = await db.tables
    .select()
    .from(history)
    .where(inArray(history.registrationId, ids))
    .orderBy(asc(history.registrationId), asc(history.version));
  return Map.groupBy(entries, (entry) => entry.registrationId);
}
