/** Expiry: closes requests that were not decided in time. Each is closed once, however many replicas try. */
import { and, asc, inArray, lte, sql } from 'drizzle-orm';
import type { Effect } from '../../domain/effects.ts';
import { inParts } from '../../domain/pagination.ts';
import { notificationsOf, transition } from '../../domain/registration.ts';
import { maxServicesPerForm } from '../../domain/request.ts';
import { ownersByApplication } from '../application/owners.ts';
import { append } from '../audit-log/append.ts';
import type { Db } from '../db.ts';
import { isPending, registrations } from '../schema/core.ts';
import { askedByRegistration } from './approver-messages.ts';

/**
 * Closes the oldest pending requests that were made at `before` or earlier, at most `limit`: their status, events and
 * effects commit together. A request that is being decided right now is skipped. Returns how many were closed.
 */
export async function expireDue(
  db: Db,
  { before, at, limit }: { before: Date; at: Date; limit: number },
): Promise<number> {
  const due = and(isPending, lte(registrations.requestedAt, before));
  // In most minutes nothing is due: this one look-up is all that they cost.
  const [any] = await db.tables.select({ id: registrations.id }).from(registrations).where(due).limit(1);
  if (!any) return 0;
  return db.tables.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(registrations)
      .where(due)
      .orderBy(asc(registrations.requestedAt), asc(registrations.id))
      .limit(limit)
      .for('update', { skipLocked: true });
    const owners = await ownersByApplication(tx, [...new Set(rows.map((row) => row.applicationId))]);
    const asked = await askedByRegistration(
      tx,
      rows.map(({ id }) => id),
    );
    const closed = rows.flatMap((row) => {
      const listed = { ...row, asked: asked.get(row.id) ?? [] };
      const last = { status: row.status, by: row.changedBy, at: row.changedAt };
      // No owners here: they hear of all that expires of an application in one message.
      const outcome = transition({ ...row, last, owners: [], listed }, 'expire', row.version);
      return outcome.ok ? [{ row, ...outcome }] : [];
    });
    const [first] = closed;
    if (!first) return 0;
    const ids = closed.map(({ row }) => row.id);
    await tx
      .update(registrations)
      .set({
        status: first.to,
        version: sql`${registrations.version} + 1`,
        changedBy: null,
        changedAt: at,
        changeReason: null,
      })
      .where(inArray(registrations.id, ids));
    const told = notificationsByApplication(
      closed.map(({ row }) => row),
      owners,
    );
    await db.outbox.enqueue(tx, [...closed.flatMap(({ effects }) => effects), ...told], 'bulk');
    await append(
      tx,
      closed.map(({ row, to }) => ({
        registrationId: row.id,
        version: row.version + 1,
        actor: null,
        action: 'expire',
        from: row.status,
        to,
        reason: null,
        at,
      })),
    );
    return closed.length;
  });
}

/** Returns the effects that tell the owners of each application, in one message, what of it has expired, a form's worth at most. */
function notificationsByApplication(
  rows: { id: number; applicationId: number; version: number }[],
  owners: Map<number, string[]>,
): Effect[] {
  return [...Map.groupBy(rows, (row) => row.applicationId)].flatMap(([application, expired]) => {
    const events = expired.map(({ id, version }) => ({ registration: id, version: version + 1 }));
    return inParts(events, maxServicesPerForm).flatMap((some) =>
      notificationsOf('expire', some, owners.get(application) ?? []),
    );
  });
}
