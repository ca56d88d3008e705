/** Ticks: each tick of a schedule is served once, however many replicas try. */
import { eq, gte, lt, ne, sql } from 'drizzle-orm';
import type { WallClockTime } from '../../domain/schedule.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { servedTicks } from '../schema/scheduling.ts';

/** A tick of a schedule in wall-clock time: the same on every replica, even where their clocks differ. */
export type Tick = { schedule: string; reading: WallClockTime };

/**
 * Registers a schedule. Where it is new, or its `pattern` has changed, it starts after the tick given; otherwise nothing
 * changes, and ticks that were missed are still served.
 */
export async function registerSchedule(tables: Db['tables'], last: Tick & { pattern: string }): Promise<void> {
  await tables
    .insert(servedTicks)
    .values(last)
    .onConflictDoUpdate({
      target: servedTicks.schedule,
      set: { pattern: last.pattern, reading: sql`greatest(${servedTicks.reading}, excluded.reading)` },
      setWhere: ne(servedTicks.pattern, last.pattern),
    });
}

/**
 * Claims a tick, and says whether it is ours to serve. One conditional write decides; a rollback undoes it, and until the
 * transaction ends other replicas wait for the row. Replicas with different schedules serve the ticks of all of them.
 */
export async function claimTick(tx: Tx | Db['tables'], { schedule, reading }: Tick): Promise<boolean> {
  const served = await tx
    .insert(servedTicks)
    .values({ schedule, reading })
    .onConflictDoUpdate({ target: servedTicks.schedule, set: { reading }, setWhere: lt(servedTicks.reading, reading) })
    .returning({ schedule: servedTicks.schedule });
  return served.length > 0;
}

/**
 * Locks a schedule, which is registered, until the transaction ends, and says whether a tick of it is still to be served: for
 * what serves it in several transactions, and claims it in the last one.
 */
export async function lockTick(tx: Tx, { schedule, reading }: Tick): Promise<boolean> {
  const [last] = await tx
    .select({ served: sql<boolean>`${gte(servedTicks.reading, reading)}` })
    .from(servedTicks)
    .where(eq(servedTicks.schedule, schedule))
    .for('update');
  return !last?.served;
}
