/** The direct messages to owners about registrations: where each is, and which have buttons that end with something. */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Db } from '../db.ts';
import { registrations } from '../schema/core.ts';
import { ownerMessages } from '../schema/direct-messages.ts';

/** A message to a person about registrations. Its name tells it from the others about these. */
export type OwnerMessage = { registrations: number[]; person: string; name: string };

/** Names the message about the decision that made a version. */
export const decisionName = (version: number): string => `decision@${version}`;

const rowsOf = ({ registrations: ids, person, name }: OwnerMessage) =>
  and(inArray(ownerMessages.registrationId, ids), eq(ownerMessages.person, person), eq(ownerMessages.name, name));

/** Finds where a message is; null before it is posted. */
export async function findPlace(db: Db, message: OwnerMessage): Promise<MessageLocation | null> {
  const rows = await db.tables.select().from(ownerMessages).where(rowsOf(message));
  return rows.flatMap(({ channel, ts }) => (channel && ts ? [{ channel, ts }] : []))[0] ?? null;
}

/** Records where a message is, and what updates it; null where nothing of it ends any longer. */
export async function recordShown(
  db: Db,
  { registrations: ids, person, name }: OwnerMessage,
  { channel, ts }: MessageLocation,
  effect: Effect | null,
): Promise<void> {
  await db.tables
    .insert(ownerMessages)
    .values(ids.map((registrationId) => ({ registrationId, person, name, effect, channel, ts })))
    .onConflictDoUpdate({
      target: [ownerMessages.registrationId, ownerMessages.person, ownerMessages.name],
      set: { effect, channel, ts },
    });
}

/**
 * Enqueues updates of the messages with buttons about an application's registrations for the service of this one: the event
 * that made `version`, whose own message is left out, may have ended what a button is for.
 */
export async function updateButtons(db: Db, registration: number, version: number): Promise<void> {
  const rows = await db.tables.execute<{ effect: Effect }>(sql`
    select distinct m.effect from ${registrations} r
    join ${registrations} other on other.application_id = r.application_id and other.service_id = r.service_id
    join ${ownerMessages} m on m.registration_id = other.id
    where r.id = ${registration} and m.effect is not null
      and (other.id <> r.id or m.name <> ${decisionName(version)})`);
  if (rows.length === 0) return;
  await db.tables.transaction((tx) =>
    db.outbox.enqueue(
      tx,
      rows.map(({ effect }) => effect),
    ),
  );
}

/** Finds the newest message to a person about each of these registrations. */
export async function newestPlaces(db: Db, person: string, ids: number[]): Promise<Map<number, MessageLocation>> {
  if (ids.length === 0) return new Map();
  const rows = await db.tables
    .select({ id: ownerMessages.registrationId, channel: ownerMessages.channel, ts: ownerMessages.ts })
    .from(ownerMessages)
    .where(
      and(inArray(ownerMessages.registrationId, ids), eq(ownerMessages.person, person), isNotNull(ownerMessages.ts)),
    )
    .orderBy(ownerMessages.ts);
  return new Map(rows.flatMap(({ id, channel, ts }) => (channel && ts ? [[id, { channel, ts }] as const] : [])));
}

/** Lists the registrations of an application that a message is about; none where it is not recorded. */
export async function listAbout(db: Db, application: number, person: string, name: string): Promise<number[]> {
  const rows = await db.tables
    .select({ id: ownerMessages.registrationId })
    .from(ownerMessages)
    .innerJoin(registrations, eq(registrations.id, ownerMessages.registrationId))
    .where(
      and(eq(registrations.applicationId, application), eq(ownerMessages.person, person), eq(ownerMessages.name, name)),
    );
  return rows.map(({ id }) => id);
}
