/** Events of applications: finds them, and has what shows them updated. */
import { and, asc, eq, gt, inArray, or } from 'drizzle-orm';
import type { ApplicationEvent } from '../../domain/application.ts';
import type { Effect } from '../../domain/effects.ts';
import { liveStatuses, type Status } from '../../domain/registration.ts';
import { updateAsked, updatePendingMessage } from '../../domain/reminder.ts';
import { append } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import * as homes from '../home/homes.ts';
import { askedByRegistration } from '../registration/approver-messages.ts';
import * as cards from '../registration/cards.ts';
import * as ownerMessages from '../registration/owner-messages.ts';
import { applicationHistory } from '../schema/applications.ts';
import { applications, registrations } from '../schema/core.ts';
import { ownersOf } from './owners.ts';
import { unregisterBatch } from './unregister.ts';

/** An event of an application, with its current name and owners. */
export type ApplicationHappening = {
  publicId: string;
  application: string;
  action: ApplicationEvent;
  actor: string | null;
  added: string[];
  removed: string[];
  at: Date;
  owners: string[];
};

/** Finds the event that led to a version of an application; undefined where there is none. */
export async function find(db: Db, applicationId: number, version: number): Promise<ApplicationHappening | undefined> {
  const [found] = await db.tables
    .select({ event: applicationHistory, application: applications.name, publicId: applications.publicId })
    .from(applicationHistory)
    .innerJoin(applications, eq(applications.id, applicationHistory.applicationId))
    .where(and(eq(applicationHistory.applicationId, applicationId), eq(applicationHistory.version, version)));
  if (!found) return undefined;
  const owners = await ownersOf(db.tables, applicationId);
  const { action, actor, added, removed, at } = found.event;
  const { application, publicId } = found;
  return { publicId, application, action, actor, added, removed, at, owners };
}

/** How many cards one job marks. */
const batch = 100;

/**
 * Enqueues updates of everything that shows an event of an application: first (`after` 0) the Homes of its owners and
 * former owners, then, for an event that cards show, the cards of its registrations with an id above `after`, and what offers
 * something to those who own it no longer. Of an application that was deleted it unregisters what the deletion has left. It
 * does one batch and enqueues the next.
 */
export async function enqueueUpdates(db: Db, id: number, version: number, after: number): Promise<void> {
  const event = await find(db, id, version);
  if (!event) return;
  if (after === 0) await homes.markStale(db, null, [...event.owners, ...event.added, ...event.removed]);
  const shown = event.action === 'rename' || event.action === 'delete' || event.added.length + event.removed.length > 0;
  if (!shown || version === 1) return;
  // Who has left Slack reads nothing any longer.
  const leaving = event.action === 'depart' ? [] : event.removed;
  await db.tables.transaction(async (tx) => {
    const live = inArray(registrations.status, [...liveStatuses]);
    const endedByEvent = and(eq(registrations.status, 'unregistered'), eq(registrations.changedAt, event.at));
    const over = event.action === 'delete' || leaving.length > 0 ? ownerMessages.hasButtons : undefined;
    const page = await tx
      .select({ id: registrations.id })
      .from(registrations)
      .where(and(eq(registrations.applicationId, id), gt(registrations.id, after), or(live, endedByEvent, over)))
      .orderBy(asc(registrations.id))
      .limit(batch);
    const last = page.at(-1);
    if (!last) return;
    const onPage = inArray(
      registrations.id,
      page.map((one) => one.id),
    );
    const ending = { by: event.actor, at: event.at, limit: batch };
    const ended = event.action === 'delete' ? await unregisterBatch(tx, onPage, ending) : { events: [], effects: [] };
    const shown = await tx
      .select()
      .from(registrations)
      .where(and(onPage, or(live, endedByEvent)));
    await cards.markStale(
      tx,
      db,
      shown.map((one) => one.id),
    );
    // The Homes of approvers list what is pending, or was until this event.
    const queued = shown.filter(({ status }) => status === 'pending' || status === 'unregistered');
    const queuedHomes = queued.map((one) => ({ kind: 'homes' as const, registration: one.id, version: one.version }));
    await db.outbox.enqueue(tx, queuedHomes, 'bulk');
    await db.outbox.enqueue(tx, ended.effects, 'bulk');
    const ids = page.map((one) => one.id);
    if (event.action === 'delete') await ownerMessages.updateButtonsOf(tx, db, { ids }, 'bulk');
    else if (leaving.length > 0) {
      await ownerMessages.updateButtonsOf(tx, db, { ids, people: leaving }, 'bulk');
      const asked = shown.filter(({ status, requester }) => status === 'pending' && leaving.includes(requester));
      await db.outbox.enqueue(tx, asked.flatMap(updatePendingMessage), 'bulk');
    }
    const askedOwners = await askedAmong(tx, shown, event.added);
    await db.outbox.enqueue(tx, askedOwners, 'bulk');
    const next = { kind: 'application' as const, application: id, version, after: last.id };
    if (page.length === batch) await db.outbox.enqueue(tx, [next], 'bulk');
    await append(tx, ended.events);
  });
}

/** Returns the effects that update what asks these people to decide the pending ones of these requests, which are theirs now. */
async function askedAmong(tx: Tx, rows: { id: number; status: Status }[], people: string[]): Promise<Effect[]> {
  if (people.length === 0) return [];
  const pending = rows.filter(({ status }) => status === 'pending').map(({ id }) => id);
  const asked = await askedByRegistration(tx, pending);
  return [...asked].flatMap(([registration, all]) =>
    updateAsked(
      registration,
      all.filter(({ person }) => people.includes(person)),
    ),
  );
}
