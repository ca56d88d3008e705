/** The record of applications, event by event, and what each event is shown by. */
import { and, asc, eq, gt, inArray, or } from 'drizzle-orm';
import type { ApplicationEvent } from '../../domain/application.ts';
import { liveStatuses } from '../../domain/registration.ts';
import type { Db } from '../db.ts';
import * as homes from '../home/homes.ts';
import { markStale } from '../registration/cards.ts';
import { applicationHistory } from '../schema/applications.ts';
import { applicationOwners, applications, registrations } from '../schema/core.ts';

/** What happened to an application, and who owns it now. Its name is the one of today. */
export type ApplicationHappening = {
  application: string;
  action: ApplicationEvent;
  actor: string | null;
  added: string[];
  removed: string[];
  at: Date;
  owners: string[];
};

/** The event that made a version of an application; undefined where there is none. */
export async function find(db: Db, applicationId: number, version: number): Promise<ApplicationHappening | undefined> {
  const [found] = await db.tables
    .select({ event: applicationHistory, application: applications.name })
    .from(applicationHistory)
    .innerJoin(applications, eq(applications.id, applicationHistory.applicationId))
    .where(and(eq(applicationHistory.applicationId, applicationId), eq(applicationHistory.version, version)));
  if (!found) return undefined;
  const owners = await db.tables
    .select({ person: applicationOwners.userId })
    .from(applicationOwners)
    .where(eq(applicationOwners.applicationId, applicationId))
    .orderBy(asc(applicationOwners.userId));
  const { action, actor, added, removed, at } = found.event;
  return { application: found.application, action, actor, added, removed, at, owners: owners.map((one) => one.person) };
}

/** How many cards are taken on at a time. */
const batch = 100;

/**
 * Has redrawn what shows an event of an application: first the Homes of those who own it or did, then, where its cards
 * show the event, those of its registrations after `after`, a batch at a time; each batch puts the next into the outbox.
 */
export async function enqueueUpdates(db: Db, id: number, version: number, after: number): Promise<void> {
  const event = await find(db, id, version);
  if (!event) return;
  if (after === 0) await homes.markStale(db, null, [...event.owners, ...event.added, ...event.removed]);
  if (event.action !== 'rename' && event.action !== 'delete') return;
  await db.tables.transaction(async (tx) => {
    const live = inArray(registrations.status, [...liveStatuses]);
    const endedByIt = and(eq(registrations.status, 'unregistered'), eq(registrations.changedAt, event.at));
    const shown = await tx
      .select({ id: registrations.id, version: registrations.version, status: registrations.status })
      .from(registrations)
      .where(and(eq(registrations.applicationId, id), gt(registrations.id, after), or(live, endedByIt)))
      .orderBy(asc(registrations.id))
      .limit(batch);
    await markStale(
      tx,
      db,
      shown.map((one) => one.id),
    );
    // Whoever decides about a request, or would have, has it in their Home.
    const queued = shown.filter(({ status }) => status === 'pending' || status === 'unregistered');
    const next = shown.length === batch ? shown.at(-1) : undefined;
    await db.outbox.enqueue(tx, [
      ...queued.map((one) => ({ kind: 'homes' as const, registration: one.id, version: one.version })),
      ...(next ? [{ kind: 'application' as const, application: id, version, after: next.id }] : []),
    ]);
  });
}
