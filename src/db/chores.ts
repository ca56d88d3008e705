/** Chores: what is to be done at each tick of a schedule by one replica, whichever is first. */
import { lt } from 'drizzle-orm';
import type { Db } from './client.ts';
import { chores } from './delivery-schema.ts';

/** Takes a tick on; false where another replica did. What it does may be cut short: the next tick comes. */
export async function take(db: Db, name: string, tick: Date): Promise<boolean> {
  const taken = await db.tables
    .insert(chores)
    .values({ name, tick })
    .onConflictDoUpdate({ target: chores.name, set: { tick }, setWhere: lt(chores.tick, tick) })
    .returning();
  return taken.length === 1;
}
