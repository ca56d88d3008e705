/** Where in Slack each channel's reminder is. Written before it is posted and after, so that an attempt that died is known. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { reminderMessages } from '../schema/scheduling.ts';

export type ReminderMessage = { tick: Date; ts: string | null; formerTs: string | null };

const here = (channel: string) => eq(reminderMessages.channel, channel);

/** The reminder that stands in a channel, or is being posted there. */
export async function find(db: Db, channel: string): Promise<ReminderMessage | undefined> {
  const [found] = await db.tables.select().from(reminderMessages).where(here(channel));
  return found;
}

/**
 * A tick's reminder takes the place of the one before it, whose `ts` is what was found of it. Returns what is now to be
 * removed; after an attempt that died the same again.
 */
export async function start(
  db: Db,
  channel: string,
  tick: Date,
  ts: string | undefined,
): Promise<string | null | undefined> {
  const { formerTs } = reminderMessages;
  const former = sql`coalesce(${ts ?? null}, ${formerTs})`;
  const [begun] = await db.tables
    .insert(reminderMessages)
    .values({ channel, tick })
    .onConflictDoUpdate({ target: reminderMessages.channel, set: { tick, ts: null, formerTs: former } })
    .returning({ formerTs });
  return begun?.formerTs;
}

/** The one before it is not there any more. */
export async function previousDeleted(db: Db, channel: string): Promise<void> {
  await db.tables.update(reminderMessages).set({ formerTs: null }).where(here(channel));
}

export async function recordPosted(db: Db, channel: string, tick: Date, ts: string): Promise<void> {
  await db.tables
    .update(reminderMessages)
    .set({ ts })
    .where(and(here(channel), eq(reminderMessages.tick, tick)));
}

/** Nothing stands in the channel any more. */
export async function remove(db: Db, channel: string, tick: Date): Promise<void> {
  await db.tables.delete(reminderMessages).where(and(here(channel), eq(reminderMessages.tick, tick)));
}
