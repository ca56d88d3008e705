/** Ticks: each of a schedule's is served once, by whichever replica is first. */
import { sql } from 'drizzle-orm';
import type { Reading } from '../domain/schedule.ts';
import type { Db, Tx } from './client.ts';
import { servedTicks } from './time-schema.ts';

/** A tick of a schedule, as the clock on the wall reads it: the same on every replica, whatever its own clock says. */
export type Tick = {
  schedule: string;
  /** What the schedule says. Where that is new, or another than before, ticks that are past are not made up. */
  pattern: string;
  reading: Reading;
};

/**
 * Whether this tick is ours to serve: one conditional write decides, and it is undone with the transaction. The row is
 * locked until that ends: another replica waits for it.
 */
export async function serve(tx: Tx | Db['tables'], { schedule, pattern, reading }: Tick): Promise<boolean> {
  const known = sql`(select pattern from ${servedTicks} where ${servedTicks.schedule} = ${schedule})`;
  const [first] = await tx
    .insert(servedTicks)
    .values({ schedule, pattern, reading })
    .onConflictDoUpdate({
      target: servedTicks.schedule,
      set: { pattern, reading },
      setWhere: sql`${servedTicks.reading} < excluded.reading or ${servedTicks.pattern} <> excluded.pattern`,
    })
    // A statement sees the table as it was when it began.
    .returning({ before: sql<string | null>`${known}` });
  return first?.before === pattern;
}
