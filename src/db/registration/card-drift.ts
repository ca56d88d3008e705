/** Cards that may not show what they should: which to look at, and what came of it. */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { liveStatuses } from '../../domain/registration.ts';
import type { Db } from '../db.ts';
import { deadLetters, mainQueue } from '../outbox/jobs.ts';
import { registrations } from '../schema/core.ts';
import * as cards from './cards.ts';

/** A card as it was last drawn. */
export type DrawnCard = { id: number; channel: string; ts: string; drawing: number };

/** How long a change may take to be drawn before it is looked for. */
const settledAfter = sql`interval '2 minutes'`;

/**
 * Puts into the outbox the cards that show less than their registrations, and of which nothing is in the outbox: a job
 * that was lost. What is kept as a dead letter is somebody's to put back. Returns how many.
 */
export async function enqueueMissing(db: Db, limit: number): Promise<number> {
  return db.tables.transaction(async (tx) => {
    const missing = await tx.execute<{ id: string; version: number }>(sql`
      select id, version from ${registrations} r
      where card_version is distinct from version + card_changes and changed_at < now() - ${settledAfter}
        and not exists (
          select from pgboss.job j where j.name in (${mainQueue}, ${deadLetters}) and j.state in ('created', 'retry', 'active')
            and j.singleton_key = 'card:' || r.id)
      order by changed_at limit ${limit}`);
    const effects = missing.map(({ id, version }) => ({ kind: 'card' as const, registration: Number(id), version }));
    if (effects.length > 0) await db.outbox.enqueue(tx, effects);
    return effects.length;
  });
}

/** The live cards that were not compared for longest, as they were drawn. */
export async function claimForComparison(db: Db, limit: number): Promise<DrawnCard[]> {
  const { id, cardChannel, cardTs, cardVersion, version, cardChanges, status, cardCheckedAt } = registrations;
  const rows = await db.tables
    .select({
      id,
      channel: sql<string>`${cardChannel}`,
      ts: sql<string>`${cardTs}`,
      drawing: sql<number>`${cardVersion}`,
    })
    .from(registrations)
    .where(
      and(
        inArray(status, [...liveStatuses]),
        isNotNull(cardTs),
        isNotNull(cardChannel),
        sql`${cardVersion} = ${version} + ${cardChanges}`,
      ),
    )
    .orderBy(sql`${cardCheckedAt} nulls first`)
    .limit(limit);
  return rows;
}

/** Remembers that cards were looked at. */
export async function markCompared(db: Db, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.tables.update(registrations).set({ cardCheckedAt: sql`now()` }).where(inArray(registrations.id, ids));
}

/**
 * Has a card redrawn that is not what it should be; unless the very same was found the last time, so that redrawing it is
 * of no use. `difference` is null where nothing stands at all.
 */
export async function enqueueUpdate(db: Db, { id, drawing }: DrawnCard, difference: string | null): Promise<boolean> {
  const hash = sql`md5(${difference}::text)`;
  return db.tables.transaction(async (tx) => {
    const changed = await tx
      .update(registrations)
      .set({ cardDiffers: hash })
      .where(
        and(
          eq(registrations.id, id),
          eq(registrations.cardVersion, drawing),
          sql`(${hash} is null or ${registrations.cardDiffers} is distinct from ${hash})`,
        ),
      )
      .returning({ id: registrations.id });
    if (changed.length === 0) return false;
    await cards.markStale(tx, db, [id]);
    return true;
  });
}

/** Forgets what was different before: these are as they should be. */
export async function clearDrift(db: Db, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.tables
    .update(registrations)
    .set({ cardDiffers: null })
    .where(and(inArray(registrations.id, ids), isNotNull(registrations.cardDiffers)));
}
