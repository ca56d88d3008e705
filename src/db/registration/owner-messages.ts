/** The direct messages to owners about registrations: where each is, and which have buttons that end with something. */
import { and, eq, inArray, isNotNull, type SQL, sql } from 'drizzle-orm';
import type { Ownership } from '../../domain/application.ts';
import type { Effect, Priority } from '../../domain/effects.ts';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationOwners, applications, registrations } from '../schema/core.ts';
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
export const updateButtons = (db: Db, registration: number, version: number): Promise<void> =>
  db.tables.transaction((tx) =>
    enqueueUpdates(
      tx,
      db,
      sql`m.registration_id in (
          select other.id from ${registrations} r
          join ${registrations} other on other.application_id = r.application_id and other.service_id = r.service_id
          where r.id = ${registration})
        and (m.registration_id <> ${registration} or m.name <> ${decisionName(version)})`,
      'act',
    ),
  );

/** Enqueues updates of the messages with buttons about these registrations; where `people` are named, of those to them. */
export const updateButtonsOf = (
  tx: Tx,
  db: Db,
  { ids, people }: { ids: number[]; people?: string[] },
  priority: Priority,
): Promise<void> =>
  enqueueUpdates(
    tx,
    db,
    sql`m.registration_id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::bigint)
      and (${people === undefined} or m.person in (select jsonb_array_elements_text(${JSON.stringify(people ?? [])}::jsonb)))`,
    priority,
  );

async function enqueueUpdates(tx: Tx, db: Db, which: SQL, priority: Priority): Promise<void> {
  const rows = await tx.execute<{ effect: Effect }>(sql`
    select distinct m.effect from ${ownerMessages} m where m.effect is not null and ${which}`);
  const effects = rows.map(({ effect }) => effect);
  if (effects.length > 0) await db.outbox.enqueue(tx, effects, priority);
}

/** Selects whether there is a message with buttons about a registration. */
export const hasButtons = sql`exists (
  select from ${ownerMessages} where ${ownerMessages.registrationId} = ${registrations.id} and ${ownerMessages.effect} is not null)`;

/** Finds what the application of a registration is to a person now. */
export async function ownershipOf({ tables }: Db, registration: number, person: string): Promise<Ownership> {
  const [found] = await tables
    .select({ deletedAt: applications.deletedAt, owner: applicationOwners.userId })
    .from(registrations)
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .leftJoin(
      applicationOwners,
      and(eq(applicationOwners.applicationId, registrations.applicationId), eq(applicationOwners.userId, person)),
    )
    .where(eq(registrations.id, registration));
  if (found?.deletedAt) return 'deleted';
  return found?.owner ? 'owned' : 'not-owned';
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
