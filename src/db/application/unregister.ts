/** Unregisters the registrations of an application that was deleted, a batch at a time: there may be tens of thousands. */
import { and, asc, inArray, type SQL, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import {
  accessEndedEffects,
  type HistoryEvent,
  listedEffects,
  liveStatuses,
  statusesAllowing,
} from '../../domain/registration.ts';
import type { Tx } from '../client.ts';
import { askedByRegistration } from '../registration/approver-messages.ts';
import { registrations } from '../schema/core.ts';

/**
 * Unregisters some registrations, the first by their ids. Live ones are locked first: a Reinstate that commits right now
 * would be missed otherwise. A revoked one stays revoked, because only an approver ends that. Returns the effects, and the
 * events, for the caller to append last.
 */
export async function unregisterBatch(
  tx: Tx,
  which: SQL,
  { by, at, limit }: { by: string | null; at: Date; limit: number },
): Promise<{ events: (HistoryEvent & { registrationId: number })[]; effects: Effect[] }> {
  const live = await tx
    .select()
    .from(registrations)
    .where(and(which, inArray(registrations.status, [...liveStatuses])))
    .orderBy(asc(registrations.id))
    .limit(limit)
    .for('update');
  if (live.length === 0) return { events: [], effects: [] };
  const asked = await askedByRegistration(
    tx,
    live.filter(({ status }) => status === 'pending').map(({ id }) => id),
  );
  const before = new Map(live.map((row) => [row.id, row]));
  const ended = await tx
    .update(registrations)
    .set({
      status: 'unregistered',
      version: sql`${registrations.version} + 1`,
      changedBy: by,
      changedAt: at,
      changeReason: null,
    })
    .where(
      and(inArray(registrations.id, [...before.keys()]), inArray(registrations.status, statusesAllowing('unregister'))),
    )
    .returning({ registrationId: registrations.id, version: registrations.version });
  const event = { actor: by, action: 'unregister', to: 'unregistered', reason: null, at } as const;
  const effects = ended.flatMap(({ registrationId, version }) => {
    const row = before.get(registrationId);
    if (!row) return [];
    const listed = { ...row, asked: asked.get(row.id) ?? [] };
    return [
      ...accessEndedEffects(row.status, event.to, { registration: row.id, version }),
      ...listedEffects({ id: row.id, status: row.status, listed }, event.to),
    ];
  });
  const events = ended.map((one) => ({ ...event, ...one, from: before.get(one.registrationId)?.status ?? null }));
  return { events, effects };
}
