/** Owners who leave Slack: removes them, and asks the admins to assign an owner where none is left. */
import { and, asc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import {
  type ApplicationOutcome,
  type AssignmentContext,
  evaluateAssignment,
  ownerLeft,
} from '../../domain/application.ts';
import { type Effect, laneOf } from '../../domain/effects.ts';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { isBusy } from '../outbox/store.ts';
import { applicationHistory, ownerless } from '../schema/applications.ts';
import { applicationOwners, applications } from '../schema/core.ts';
import { outbox } from '../schema/outbox.ts';
import { lock, persist } from './changes.ts';

/** Selects the applications that a person owns, in the order of their ids. */
const ownedBy = (db: Db, person: string) =>
  db.tables
    .select({ id: applications.id })
    .from(applicationOwners)
    .innerJoin(applications, eq(applications.id, applicationOwners.applicationId))
    .where(and(eq(applicationOwners.userId, person), isNull(applications.deletedAt)))
    .orderBy(asc(applications.id));

/** Enqueues the removal of people who left Slack from all applications that they own. */
export async function onOwnersLeft(db: Db, people: string[]): Promise<void> {
  const rows = await db.tables
    .selectDistinct({ person: applicationOwners.userId })
    .from(applicationOwners)
    .innerJoin(applications, eq(applications.id, applicationOwners.applicationId))
    .where(and(inArray(applicationOwners.userId, people), isNull(applications.deletedAt)));
  if (rows.length === 0) return;
  await db.tables.transaction((tx) =>
    db.outbox.enqueue(
      tx,
      rows.map(({ person }) => ({ kind: 'departure', person })),
      'bulk',
    ),
  );
}

/** Enqueues a look for owners who have left, unless one is on its way. */
export async function enqueueSweep(db: Db): Promise<void> {
  await db.tables.transaction((tx) => enqueueOnce(tx, db, { kind: 'departures', cursor: '' }));
}

/** How many applications one job removes an owner from. */
const batch = 50;

/**
 * Removes a person who left Slack from a batch of their applications, and has the admins asked about those without an owner.
 * Returns whether there may be more.
 */
export async function removeOwner(db: Db, person: string, at: Date): Promise<boolean> {
  const owned = await ownedBy(db, person).limit(batch);
  for (const { id } of owned) {
    await db.tables.transaction(async (tx) => {
      const application = await lock(tx, id);
      const change = application && ownerLeft(application, person);
      if (!change) return;
      await enqueueDeparted(tx, db, person, at);
      if (application.owners.length === 1) {
        await tx.insert(ownerless).values({ applicationId: id, version: application.version + 1 });
        await enqueueOnce(tx, db, { kind: 'orphans', person });
      }
      await persist(tx, db, application, change, null, at);
    });
  }
  return owned.length === batch;
}

/** Says whether what a person left is still being taken from them: then it is not complete yet. */
export const isLeaving = (db: Db, person: string): Promise<boolean> =>
  isBusy(db, laneOf({ kind: 'departure', person }));

/** Has the approval channels told of what a person left, unless they are to be told of a part of it already. */
async function enqueueDeparted(tx: Tx, db: Db, person: string, at: Date): Promise<void> {
  const same = and(eq(outbox.kind, 'departed'), sql`${outbox.effect}->>'person' = ${person}`, isNull(outbox.deadAt));
  const [waiting] = await tx.select({ id: outbox.id }).from(outbox).where(same).limit(1);
  if (waiting) return;
  await db.outbox.enqueue(tx, [
    { kind: 'departed', person, since: at.toISOString(), application: 0, after: 0, places: [] },
  ]);
}

/** Says whether the admins are still to be asked about what a person left. */
export const isAskPending = (db: Db, person: string): Promise<boolean> =>
  isPending(db.tables, { kind: 'orphans', person });

/** Enqueues an effect unless the same one is on its way. */
async function enqueueOnce(tx: Tx, db: Db, effect: Effect): Promise<void> {
  if (!(await isPending(tx, effect))) await db.outbox.enqueue(tx, [effect]);
}

async function isPending(tables: Db['tables'] | Tx, effect: Effect): Promise<boolean> {
  const same = and(eq(outbox.kind, effect.kind), eq(outbox.effect, effect), isNull(outbox.deadAt));
  return (await tables.$count(outbox, same)) > 0;
}

/** Assigns an owner to an application that has none, and enqueues the update of the message to the admins. */
export async function assign(
  db: Db,
  { id, by, at, ...context }: AssignmentContext & { id: number; by: string; at: Date },
): Promise<ApplicationOutcome> {
  return db.tables.transaction(async (tx) => {
    const application = await lock(tx, id);
    if (!application) return { ok: false, refusal: { kind: 'gone' } };
    const outcome = evaluateAssignment(application, context);
    if (!outcome.ok || !outcome.change) return outcome;
    const resolved = await tx
      .update(ownerless)
      .set({ adoptedVersion: application.version + 1 })
      .where(and(eq(ownerless.applicationId, id), isNull(ownerless.adoptedVersion)))
      .returning({ application: ownerless.applicationId, version: ownerless.version });
    await db.outbox.enqueue(
      tx,
      resolved.map((one) => ({ kind: 'orphan', ...one })),
    );
    await persist(tx, db, application, outcome.change, by, at);
    return outcome;
  });
}

/** An application that lost its last owner, who was assigned since, and where the message to the admins is. */
export type OwnerlessApplication = {
  id: number;
  publicId: string;
  version: number;
  application: string;
  /** The last owner, and when they left. */
  left: string;
  since: Date;
  adopted: { by: string; owner: string; at: Date } | null;
  place: { channel: string; ts: string } | null;
};

/** Finds what the message to the admins shows about an application that lost its last owner at `version`. */
export async function find(db: Db, id: number, version: number): Promise<OwnerlessApplication | undefined> {
  const [found] = await list(db, and(eq(ownerless.applicationId, id), eq(ownerless.version, version)), 1);
  return found;
}

/** Lists the applications that a message to the admins is about, in the order of their ids. */
export const listPosted = (db: Db, { channel, ts }: MessageLocation): Promise<OwnerlessApplication[]> =>
  list(db, and(eq(ownerless.channel, channel), eq(ownerless.ts, ts)), maxPosted);

/** Lists applications that lost their last owner in a person and that no message to the admins is about yet. */
export const listUnposted = (db: Db, person: string, limit = maxPosted): Promise<OwnerlessApplication[]> =>
  list(db, and(isNull(ownerless.ts), eq(sql`${lost.removed}[1]`, person)), limit);

/** How many applications one message is about: it takes 50 blocks. */
export const maxPosted = 20;

const lost = alias(applicationHistory, 'lost');
const given = alias(applicationHistory, 'given');

async function list(db: Db, which: SQL | undefined, limit: number): Promise<OwnerlessApplication[]> {
  const rows = await db.tables
    .select({ row: ownerless, application: applications, lost, given })
    .from(ownerless)
    .innerJoin(applications, eq(applications.id, ownerless.applicationId))
    .innerJoin(lost, and(eq(lost.applicationId, ownerless.applicationId), eq(lost.version, ownerless.version)))
    .leftJoin(given, and(eq(given.applicationId, ownerless.applicationId), eq(given.version, ownerless.adoptedVersion)))
    .where(which)
    .orderBy(asc(ownerless.applicationId), asc(ownerless.version))
    .limit(limit);
  return rows.map(({ row: { version, channel, ts }, application, lost, given }) => {
    const [owner] = given?.added ?? [];
    return {
      id: application.id,
      publicId: application.publicId,
      version,
      application: application.name,
      left: lost.removed[0] ?? '',
      since: lost.at,
      adopted: given?.actor && owner ? { by: given.actor, owner, at: given.at } : null,
      place: channel && ts ? { channel, ts } : null,
    };
  });
}

/** Records where the message to the admins about these applications is. */
export async function recordPosted(
  db: Db,
  applications: Pick<OwnerlessApplication, 'id' | 'version'>[],
  place: MessageLocation,
): Promise<void> {
  for (const { id, version } of applications)
    await db.tables
      .update(ownerless)
      .set({ channel: place.channel, ts: place.ts })
      .where(and(eq(ownerless.applicationId, id), eq(ownerless.version, version)));
}
