/** Where each channel's reminder is in Slack: recorded before and after posting, so that a crash in between is noticed. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { reminderMessages } from '../schema/scheduling.ts';

/** A channel's reminder. `ts` is null while it is being posted; `formerTs` is the previous one, until it is deleted. */
export type ReminderMessage = { tick: Date; ts: string | null; formerTs: string | null };

const ofChannel = (channel: string) => eq(reminderMessages.channel, channel);

/** Finds the reminder that is in a channel, or is being posted to it. */
export async function find(db: Db, channel: string): Promise<ReminderMessage | undefined> {
  const [found] = await db.tables.select().from(reminderMessages).where(ofChannel(channel));
  return found;
}

/**
 * Records that a tick's reminder is about to replace the previous one, which is at `ts`. Returns the `ts` that is to be
 * deleted: after a crashed attempt the same one again.
 */
export async function start(
  db: Db,
  channel: string,
  tick: Date,
  ts: string | undefined,
): Promise<string | null | undefined> {
  const { formerTs } = reminderMessages;
  const former = sql`coalesce(${ts ?? null}, ${formerTs})`;
  const [started] = await db.tables
    .insert(reminderMessages)
    .values({ channel, tick })
    .onConflictDoUpdate({ target: reminderMessages.channel, set: { tick, ts: null, formerTs: former } })
    .returning({ formerTs });
  return started?.formerTs;
}

/** Records that the previous reminder was deleted. */
export async function previousDeleted(db: Db, channel: string): Promise<void> {
  await db.tables.update(reminderMessages).set({ formerTs: null }).where(ofChannel(channel));
}

/** Records where a tick's reminder was posted. */
export async function recordPosted(db: Db, channel: string, tick: Date, ts: string): Promise<void> {
  await db.tables
    .update(reminderMessages)
    .set({ ts })
    .where(and(ofChannel(channel), eq(reminderMessages.tick, tick)));
}

/** Records that a channel has no reminder. */
export async function remove(db: Db, channel: string, tick: Date): Promise<void> {
  await db.tables.delete(reminderMessages).where(and(ofChannel(channel), eq(reminderMessages.tick, tick)));
}
