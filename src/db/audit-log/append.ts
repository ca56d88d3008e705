/** The records: added to, and that of one registration read a page at a time. */
import { and, desc, eq, lte } from 'drizzle-orm';
import type { ApplicationChange } from '../../domain/application.ts';
import type { HistoryEvent } from '../../domain/registration.ts';
import type { ServiceChange } from '../../domain/service.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { applicationHistory } from '../schema/applications.ts';
import { history } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';

/**
 * Adds events of registrations. Whatever adds to a record is **the last of its transaction**: it takes the head of the chain
 * (db/chain.ts), which everybody who records waits for until the commit. Whoever took another lock after it could wait in a
 * circle, and all others with them.
 */
export async function append(tx: Tx, events: (HistoryEvent & { registrationId: number })[]): Promise<void> {
  if (events.length > 0) await tx.insert(history).values(events);
}

/** Adds a change of an application; like `append`, last. */
export async function appendApplication(
  tx: Tx,
  event: ApplicationChange & { applicationId: number; version: number; actor: string | null; at: Date },
): Promise<void> {
  await tx.insert(applicationHistory).values(event);
}

/** Adds a change of a service; like `append`, last. */
export async function appendService(tx: Tx, change: ServiceChange & { serviceId: number }): Promise<void> {
  await tx.insert(serviceChanges).values(change);
}

/** Events of a registration, newest first, from version `from` down: `limit` at most. */
export async function listEvents(db: Db, registration: number, from: number, limit: number): Promise<HistoryEvent[]> {
  return db.tables
    .select()
    .from(history)
    .where(and(eq(history.registrationId, registration), lte(history.version, from)))
    .orderBy(desc(history.version))
    .limit(limit);
}
