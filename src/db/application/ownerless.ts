/** Applications whose owners leave Slack: others own them from then on; where nobody is left, the admins are asked. */
import { and, asc, eq, isNull } from 'drizzle-orm';
import {
  type ApplicationOutcome,
  type AssignmentContext,
  assignOwner as consider,
  ownerLeft as considerDeparture,
} from '../../domain/application.ts';
import type { Db } from '../db.ts';
import { applicationHistory, orphans } from '../schema/applications.ts';
import { applicationOwners, applications } from '../schema/core.ts';
import { lock, persist } from './changes.ts';

const ownedBy = (db: Db, person: string) =>
  db.tables
    .select({ id: applications.id })
    .from(applicationOwners)
    .innerJoin(applications, eq(applications.id, applicationOwners.applicationId))
    .where(and(eq(applicationOwners.userId, person), isNull(applications.deletedAt)))
    .orderBy(asc(applications.id));

/** Somebody has left Slack: what they own is taken from them by the outbox, however much it is. */
export async function onOwnerLeft(db: Db, person: string): Promise<void> {
  const [any] = await ownedBy(db, person).limit(1);
  if (any) await db.tables.transaction((tx) => db.outbox.enqueue(tx, [{ kind: 'departure', person }]));
}

/** How many applications are taken from somebody at a time. */
const batch = 50;

/** Takes applications from somebody who has left Slack. Says whether there may be more. */
export async function removeOwner(db: Db, person: string, at: Date): Promise<boolean> {
  const owned = await ownedBy(db, person).limit(batch);
  for (const { id } of owned) {
    await db.tables.transaction(async (tx) => {
      const application = await lock(tx, id);
      const change = application && considerDeparture(application, person);
      if (!change) return;
      if (application.owners.length === 1) {
        const version = application.version + 1;
        await tx.insert(orphans).values({ applicationId: id, version });
        await db.outbox.enqueue(tx, [{ kind: 'orphan', application: id, version }]);
      }
      await persist(tx, db, application, change, null, at);
    });
  }
  return owned.length === batch;
}

/** Gives an application that has lost its last owner to somebody; the message that asks for it is redrawn. */
export async function assignOwner(
  db: Db,
  { id, by, at, ...adopting }: AssignmentContext & { id: number; by: string; at: Date },
): Promise<ApplicationOutcome> {
  return db.tables.transaction(async (tx) => {
    const application = await lock(tx, id);
    if (!application) return { ok: false, refusal: { kind: 'gone' } };
    const outcome = consider(application, adopting);
    if (!outcome.ok || !outcome.change) return outcome;
    const settled = await tx
      .update(orphans)
      .set({ adoptedVersion: application.version + 1 })
      .where(and(eq(orphans.applicationId, id), isNull(orphans.adoptedVersion)))
      .returning({ application: orphans.applicationId, version: orphans.version });
    await db.outbox.enqueue(
      tx,
      settled.map((one) => ({ kind: 'orphan', ...one })),
    );
    await persist(tx, db, application, outcome.change, by, at);
    return outcome;
  });
}

/** An application that has lost its last owner, who gave it to whom since, and where the message about it is. */
export type OwnerlessApplication = {
  id: number;
  version: number;
  application: string;
  /** Who was the last to own it, and since when nobody does. */
  left: string;
  since: Date;
  adopted: { by: string; owner: string; at: Date } | null;
  place: { channel: string; ts: string } | null;
};

/** What the admins are told of an application that lost its last owner at `version`. */
export async function find(db: Db, id: number, version: number): Promise<OwnerlessApplication | undefined> {
  const [found] = await db.tables
    .select({ orphan: orphans, application: applications.name })
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
    id,
    version,
    application: found.application,
    left: lost?.removed[0] ?? '',
    since: lost?.at ?? new Date(0),
    adopted: given?.actor && owner ? { by: given.actor, owner, at: given.at } : null,
    place: channel && ts ? { channel, ts } : null,
  };
}

/** Remembers where the message about it is. */
export async function recordPosted(db: Db, id: number, version: number, place: { channel: string; ts: string }) {
  await db.tables
    .update(orphans)
    .set(place)
    .where(and(eq(orphans.applicationId, id), eq(orphans.version, version)));
}
