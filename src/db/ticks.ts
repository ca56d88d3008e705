/** Ticks of the schedules: each is taken once, by whichever replica is first, and one that all of them missed is noticed. */
import { eq, ne, sql } from 'drizzle-orm';
import type { Db, Tx } from './client.ts';
import { ticks } from './time-schema.ts';

/** A schedule by its name, and its cron expression with the time zone. */
export type Schedule = { schedule: string; pattern: string };

/** A moment that a schedule names, the same on every replica, whatever its clock says; and the one after it. */
export type Tick = Schedule & { at: Date; next: Date };

/** Has a schedule remembered; one that is new, or was changed, is first due at `next`. Returns when it is due. */
export async function remember(db: Db, { schedule, pattern }: Schedule, next: Date): Promise<Date> {
  await db.tables
    .insert(ticks)
    .values({ schedule, pattern, due: next })
    .onConflictDoUpdate({ target: ticks.schedule, set: { pattern, due: next }, setWhere: ne(ticks.pattern, pattern) });
  const [row] = await db.tables.select({ due: ticks.due }).from(ticks).where(eq(ticks.schedule, schedule));
  return row?.due ?? next;
}

/** Whether this tick is ours to handle: one conditional write decides, and it is undone with the transaction. */
export async function take(tx: Tx, { schedule, pattern, at, next }: Tick): Promise<boolean> {
  const taken = await tx
    .insert(ticks)
    .values({ schedule, pattern, due: next })
    .onConflictDoUpdate({
      target: ticks.schedule,
      set: { pattern, due: next },
      setWhere: sql`${ticks.due} <= ${at.toISOString()}::timestamptz or ${ticks.pattern} <> ${pattern}`,
    })
    .returning({ due: ticks.due });
  return taken.length > 0;
}
