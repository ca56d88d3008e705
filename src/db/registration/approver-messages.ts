/** The direct messages that ask approvers who cannot see the card: whom, and where the message is. */
import { and, asc, eq, inArray } from 'drizzle-orm';
import type { AskedApprover } from '../../domain/reminder.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { registrations } from '../schema/core.ts';
import { approverMessages } from '../schema/direct-messages.ts';

/** Lists who was asked about each of these requests, or reminded of it. One without such an approver is left out. */
export async function askedByRegistration(
  tables: Db['tables'] | Tx,
  ids: number[],
): Promise<Map<number, AskedApprover[]>> {
  if (ids.length === 0) return new Map();
  const { registrationId: id, person, remindedAt } = approverMessages;
  const rows = await tables
    .select({ id, person, remindedAt })
    .from(approverMessages)
    .where(inArray(id, ids))
    .orderBy(asc(id), asc(person));
  return Map.groupBy(rows, (row) => row.id);
}

/**
 * Records that these people are asked about a pending request, and enqueues the message of each who was not asked before
 * and the update of all others'. Under the lock of the row: what decides the request then knows of all of them.
 */
export async function ask(db: Db, id: number, people: string[]): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const [row] = await tx
      .select({ status: registrations.status })
      .from(registrations)
      .where(eq(registrations.id, id))
      .for('update');
    if (row?.status !== 'pending') return;
    if (people.length > 0)
      await tx
        .insert(approverMessages)
        .values(people.map((person) => ({ registrationId: id, person })))
        .onConflictDoNothing();
    const asked = await askedByRegistration(tx, [id]);
    await db.outbox.enqueue(
      tx,
      (asked.get(id) ?? []).map(({ person }) => ({ kind: 'ask', registration: id, person })),
    );
  });
}

const ofPerson = (id: number, person: string) =>
  and(eq(approverMessages.registrationId, id), eq(approverMessages.person, person));

/** Finds where the message to an approver is; null before it is posted. */
export async function findPlace(db: Db, id: number, person: string): Promise<{ channel: string; ts: string } | null> {
  const [found] = await db.tables.select().from(approverMessages).where(ofPerson(id, person));
  return found?.channel && found.ts ? { channel: found.channel, ts: found.ts } : null;
}

/** Records where the message to an approver is. */
export async function recordPosted(
  db: Db,
  id: number,
  person: string,
  { channel, ts }: { channel: string; ts: string },
): Promise<void> {
  await db.tables.update(approverMessages).set({ channel, ts }).where(ofPerson(id, person));
}
