/** Owners who leave Slack: removes them, and asks the admins to assign an owner where none is left. */
import { and, asc, eq, isNull } from 'drizzle-orm';
import {
  type ApplicationOutcome,
  type AssignmentContext,
  evaluateAssignment,
  ownerLeft,
} from '../../domain/application.ts';
import type { Db } from '../db.ts';
import { applicationHistory, orphans } from '../schema/applications.ts';
import { applicationOwners, applications } from '../schema/core.ts';
import { lock, persist } from './changes.ts';

/** Selects the applications that a person owns, in the order of their ids. */
const ownedBy = (db: Db, person: string) =>
  db.tables
    .select({ id: applications.id })
    .from(applicationOwners)
    .innerJoin(applications, eq(applications.id, applicationOwners.applicationId))
    .where(and(eq(applicationOwners.userId, person), isNull(applications.deletedAt)))
    .orderBy(asc(applications.id));

/** Enqueues the removal of a person who left Slack from all applications that they own. */
export async function onOwnerLeft(db: Db, person: string): Promise<void> {
  const [any] = await ownedBy(db, person).limit(1);
  if (any) await db.tables.transaction((tx) => db.outbox.enqueue(tx, [{ kind: 'departure', person }]));
}

/** How many applications one job removes an owner from. */
const batch = 50;

/** Removes a person who left Slack from a batch of their applications. Returns whether there may be more. */
export async function removeOwner(db: Db, person: string, at: Date): Promise<boolean> {
  const owned = await ownedBy(db, person).limit(batch);
  for (const { id } of owned) {
    await db.tables.transaction(async (tx) => {
      const application = await lock(tx, id);
      const change = application && ownerLeft(application, person);
      if (!change) return;
      if (application.owners.length === 1) {
        const version = application.version + 1;
        await tx.insert(orphans).values({ applicationId: id, version });
        await db.outbox.enqueue(tx, [{ kind: 'orphan', application: id, version }], 'bulk');
      }
      await persist(tx, db, application, change, null, at);
    });
  }
  return owned.length === batch;
}

/** Assigns an owner to an application that has none, and enqueues the update of the message to the admins. */
export async function assignOwner(
  db: Db,
  { id, by, at, ...context }: AssignmentContext & { id: number; by: string; at: Date },
): Promise<ApplicationOutcome> {
  return db.tables.transaction(async (tx) => {
    const application = await lock(tx, id);
    if (!application) return { ok: false, refusal: { kind: 'gone' } };
    const outcome = evaluateAssignment(application, context);
    if (!outcome.ok || !outcome.change) return outcome;
    const resolved = await tx
      .update(orphans)
      .set({ adoptedVersion: application.version + 1 })
      .where(and(eq(orphans.applicationId, id), isNull(orphans.adoptedVersion)))
      .returning({ application: orphans.applicationId, version: orphans.version });
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
  const [found] = await db.tables
    .select({ orphan: orphans, application: applications.name, publicId: applications.publicId })
    .from(orphans)
    .innerJoin(applications, eq(applications.id, orphans.applicationId))
    .where(and(eq(orphans.applicationId, id), eq(orphans.version, version)));
  if (!found) return undefined;
  const { adoptedVersion, channel, ts } = found.orphan;
  const events = await db.tables.select().from(applicationHistory).where(eq(applicationHistory.applicationId, id));
  const lost = events.find((event) => event.version === version);
  const given = events.find((event) => event.version === adoptedVersion);
  const [owner] = given?.added ?? [];
  return {
    publicId: found.publicId,
    version,
    application: found.application,
    left: lost?.removed[0] ?? '',
    since: lost?.at ?? new Date(0),
    adopted: given?.actor && owner ? { by: given.actor, owner, at: given.at } : null,
    place: channel && ts ? { channel, ts } : null,
  };
}

/** Records where the message to the admins is. */
export async function recordPosted(db: Db, id: number, version: number, place: { channel: string; ts: string }) {
  await db.tables
    .update(orphans)
    .set(place)
    .where(and(eq(orphans.applicationId, id), eq(orphans.version, version)));
}
