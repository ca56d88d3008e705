/** Card drift: finds cards that may differ from their registrations, and has them updated. */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { liveStatuses } from '../../domain/registration.ts';
import { currentId } from '../current-channel.ts';
import type { Db } from '../db.ts';
import { registrations, services } from '../schema/core.ts';
import { outbox } from '../schema/outbox.ts';
import * as cards from './cards.ts';

/** A card as it was last rendered. `shownVersion` is the version that it shows (see `CardLocation`). */
export type RenderedCard = { id: number; channel: string; ts: string; shownVersion: number; comparedAt: Date | null };

/** A change that is younger than this may still be on its way through the outbox. */
const overdueAfter = sql`interval '2 minutes'`;

/**
 * Enqueues an update of each card that is older than its registration and has no job, because the job was lost. A card
 * with a dead letter is left to the operator, who redrives it. The latest changes come first: after a restore they are what may
 * be forgotten. Returns how many updates were enqueued, at most `limit`.
 */
export async function enqueueMissing(db: Db, limit: number): Promise<number> {
  return db.tables.transaction(async (tx) => {
    const missing = await tx.execute<{ id: string; version: number }>(sql`
      select id, version from ${registrations} r
      where card_version is distinct from version + card_changes and changed_at < now() - ${overdueAfter}
        and not exists (select from ${outbox} where lane = 'card:' || r.id and dead_at is null)
        and not exists (select from ${outbox} where lane = 'card:' || r.id and dead_at is not null)
      order by changed_at desc limit ${limit}`);
    const effects = missing.map(({ id, version }) => ({ kind: 'card' as const, registration: Number(id), version }));
    if (effects.length > 0) await db.outbox.enqueue(tx, effects, 'bulk');
    return effects.length;
  });
}

/**
 * Enqueues an update of each card of a pending request that is not in the channel where it is decided now, which moves it: after
 * ADMIN_CHANNEL was set to another channel. Returns how many, at most `limit`.
 */
export async function enqueueMisplaced(db: Db, adminChannel: string, limit: number): Promise<number> {
  return db.tables.transaction(async (tx) => {
    const misplaced = await tx.execute<{ id: string; version: number }>(sql`
      select r.id, r.version from ${registrations} r join ${services} s on s.id = r.service_id
      where r.status = 'pending' and ${currentId(sql`r.card_channel`)} <> coalesce(s.channel, ${adminChannel})
        and not exists (select from ${outbox} where lane = 'card:' || r.id)
      order by r.requested_at, r.id limit ${limit}`);
    const effects = misplaced.map(({ id, version }) => ({ kind: 'card' as const, registration: Number(id), version }));
    if (effects.length > 0) await db.outbox.enqueue(tx, effects, 'bulk');
    return effects.length;
  });
}

/** Lists the cards of live registrations that were compared longest ago, or never; at most `limit`. */
export async function claimForComparison(db: Db, limit: number): Promise<RenderedCard[]> {
  const { id, cardChannel, cardTs, cardVersion, version, cardChanges, status, cardCheckedAt } = registrations;
  const rows = await db.tables
    .select({
      id,
      channel: sql<string>`${cardChannel}`,
      ts: sql<string>`${cardTs}`,
      shownVersion: sql<number>`${cardVersion}`,
      comparedAt: cardCheckedAt,
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

/** Records that these registrations' cards were compared just now. */
export async function markCompared(db: Db, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.tables.update(registrations).set({ cardCheckedAt: sql`now()` }).where(inArray(registrations.id, ids));
}

/**
 * Enqueues an update of a card that differs from its registration, and returns whether it did. It does not where the
 * last comparison found the same difference: the update since then did not remove it, and another would not either.
 * `difference` is null where the card is missing.
 */
export async function enqueueUpdate(
  db: Db,
  { id, shownVersion }: RenderedCard,
  difference: string | null,
): Promise<boolean> {
  const hash = sql`md5(${difference}::text)`;
  return db.tables.transaction(async (tx) => {
    const marked = await tx
      .update(registrations)
      .set({ cardDiffers: hash })
      .where(
        and(
          eq(registrations.id, id),
          eq(registrations.cardVersion, shownVersion),
          sql`(${hash} is null or ${registrations.cardDiffers} is distinct from ${hash})`,
        ),
      )
      .returning({ id: registrations.id });
    if (marked.length === 0) return false;
    await cards.markStale(tx, db, [id]);
    return true;
  });
}

/** Clears the last difference found of cards that now show what they should. */
export async function clearDrift(db: Db, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.tables
    .update(registrations)
    .set({ cardDiffers: null })
    .where(and(inArray(registrations.id, ids), isNotNull(registrations.cardDiffers)));
}
