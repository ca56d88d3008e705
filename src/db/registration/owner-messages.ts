/** The direct messages to owners about registrations: where each is, and which have buttons that end with something. */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Db } from '../db.ts';
import { registrations } from '../schema/core.ts';
import { ownerMessages } from '../schema/direct-messages.ts';

/** A message to a person about registrations. Its name tells it from the others about these. */
export type OwnerMessage = { registrations: number[]; person: string; name: string };

/** Names the message about the event that made a version. */
export const nameOf = (version: number): string => `decision@${version}`;

const rowsOf = ({ registrations: ids, person, name }: OwnerMessage) =>
  and(inArray(ownerMessages.registrationId, ids), eq(ownerMessages.person, person), eq(ownerMessages.name, name));

/**
 * Records that a message is about to be posted, which `effect` updates. Returns where it is, and whether it was posted before,
 * or was about to be. Recorded before it is rendered: what ends meanwhile then knows of it.
 */
export async function begin(
  db: Db,
  message: OwnerMessage,
  effect: Effect | null,
): Promise<{ begun: boolean; place: MessageLocation | null }> {
  const { registrations: ids, person, name } = message;
  const made = await db.tables
    .insert(ownerMessages)
    .values(ids.map((registrationId) => ({ registrationId, person, name, effect })))
    .onConflictDoNothing()
    .returning({ id: ownerMessages.registrationId });
  if (made.length === ids.length) return { begun: false, place: null };
  const rows = await db.tables.select().from(ownerMessages).where(rowsOf(message));
  const place = rows.flatMap(({ channel, ts }) => (channel && ts ? [{ channel, ts }] : []))[0] ?? null;
  return { begun: true, place };
}

/** Records where a message is, and that nothing of it ends any longer where it has no buttons left. */
export async function recordShown(
  db: Db,
  message: OwnerMessage,
  { channel, ts }: MessageLocation,
  hasButtons: boolean,
): Promise<void> {
  await db.tables
    .update(ownerMessages)
    .set({ channel, ts, ...(hasButtons ? {} : { effect: null }) })
    .where(rowsOf(message));
}

/**
 * Enqueues updates of the messages with buttons about an application's registrations for the service of this one: the event
 * that made `version`, whose own message is left out, may have ended what a button is for.
 */
export async function updateButtons(db: Db, registration: number, version: number): Promise<void> {
  const rows = await db.tables.execute<{ effect: Effect }>(sql`
    select distinct m.effect || '{"again": true}' as effect from ${registrations} r
    join ${registrations} other on other.application_id = r.application_id and other.service_id = r.service_id
    join ${ownerMessages} m on m.registration_id = other.id
    where r.id = ${registration} and m.effect is not null
      and (other.id <> r.id or m.name <> ${nameOf(version)})`);
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

/** Lists the registrations that a message is about; none where it is not recorded. */
export async function listAbout(db: Db, person: string, name: string): Promise<number[]> {
  const which = and(eq(ownerMessages.person, person), eq(ownerMessages.name, name));
  const rows = await db.tables.select({ id: ownerMessages.registrationId }).from(ownerMessages).where(which);
  return rows.map(({ id }) => id);
}
