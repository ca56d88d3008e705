/** The audit log: appends events, and lists those of one registration. */
import { and, desc, eq, lte } from 'drizzle-orm';
import type { ApplicationChange } from '../../domain/application.ts';
import type { HistoryEvent } from '../../domain/registration.ts';
import type { ServiceChange } from '../../domain/service.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { accessHistory } from '../schema/access.ts';
import { applicationHistory } from '../schema/applications.ts';
import { history } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';

/**
 * Appends events of registrations. Appending must be **the last statement of its transaction**: it locks the head of the
 * chain (hash-chain.ts) until the commit, and every other transaction that appends waits for it. A transaction that took
 * another lock after it could deadlock, and hold up all of them.
 */
export async function append(tx: Tx, events: (HistoryEvent & { registrationId: number })[]): Promise<void> {
  if (events.length > 0) await tx.insert(history).values(events);
}

/** Appends a change of an application: like `append`, last. */
export async function appendApplication(
  tx: Tx,
  event: ApplicationChange & { applicationId: number; version: number; actor: string | null; at: Date },
): Promise<void> {
  await tx.insert(applicationHistory).values(event);
}

/** Appends a change of a service: like `append`, last. */
export async function appendService(tx: Tx, change: ServiceChange & { serviceId: number }): Promise<void> {
  await tx.insert(serviceChanges).values(change);
}

/** Adds events of an application's access; like `append`, last. The caller holds the application's row, which numbers them. */
export async function appendAccess(tx: Tx, events: (typeof accessHistory.$inferInsert)[]): Promise<void> {
  if (events.length > 0) await tx.insert(accessHistory).values(events);
}

/** Lists events of a registration, newest first, from version `from` down; at most `limit`. */
export async function listEvents(db: Db, registration: number, from: number, limit: number): Promise<HistoryEvent[]> {
  return db.tables
    .select()
    .from(history)
    .where(and(eq(history.registrationId, registration), lte(history.version, from)))
    .orderBy(desc(history.version))
    .limit(limit);
}
