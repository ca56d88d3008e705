/** Ticks: each of a schedule's is served once, by whichever replica is first. */
import { lt, ne, sql } from 'drizzle-orm';
import type { WallClockTime } from '../../domain/schedule.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { servedTicks } from '../schema/scheduling.ts';

/** A tick of a schedule, as the clock on the wall reads it: the same on every replica, whatever its own clock says. */
export type Tick = { schedule: string; reading: WallClockTime };

/**
 * Has a schedule begin with what comes after its last tick, where it is new or says something else than before (`pattern`);
 * where it is the same, what was missed is still to be served.
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
 * Whether this tick is ours to serve: one conditional write decides, and it is undone with the transaction. The row is
 * locked until that ends: another replica waits for it. Replicas whose schedules differ serve the ticks of all of them.
 */
export async function claimTick(tx: Tx | Db['tables'], { schedule, reading }: Tick): Promise<boolean> {
  const served = await tx
    .insert(servedTicks)
    .values({ schedule, reading })
    .onConflictDoUpdate({ target: servedTicks.schedule, set: { reading }, setWhere: lt(servedTicks.reading, reading) })
    .returning({ schedule: servedTicks.schedule });
  return served.length > 0;
}
