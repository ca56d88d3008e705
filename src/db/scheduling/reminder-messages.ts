/**
 * Where each channel's, and each person's, reminder is in Slack: recorded before and after posting, so that a crash in between
 * is noticed.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { MessageLocation } from '../../domain/reference.ts';
import type { Db } from '../db.ts';
import { reminderMessages } from '../schema/scheduling.ts';

/**
 * The reminder of a channel, or a person. `ts` is null while it is being posted; `formerTs` is the previous one, until it is
 * deleted. `postedIn`: the channel of a person's direct messages.
 */
export type ReminderMessage = { tick: Date; ts: string | null; formerTs: string | null; postedIn: string | null };

const ofChannel = (channel: string) => eq(reminderMessages.channel, channel);

/** Finds the reminder that a channel or a person has, or is being posted to them. */
export async function find(db: Db, channel: string): Promise<ReminderMessage | undefined> {
  const [found] = await db.tables.select().from(reminderMessages).where(ofChannel(channel));
  return found;
}

/**
 * Records that a tick's reminder is about to replace the previous one. Returns where that is, to be deleted: after a crashed
 * attempt the same again.
 */
export async function start(
  db: Db,
  to: string,
  tick: Date,
  previous: MessageLocation | undefined,
): Promise<MessageLocation | undefined> {
  const { formerTs, postedIn } = reminderMessages;
  const former = sql`coalesce(${previous?.ts ?? null}, ${formerTs})`;
  const directly = sql`coalesce(${previous && previous.channel !== to ? previous.channel : null}, ${postedIn})`;
  const [started] = await db.tables
    .insert(reminderMessages)
    .values({ channel: to, tick })
    .onConflictDoUpdate({
      target: reminderMessages.channel,
      set: { tick, ts: null, formerTs: former, postedIn: directly },
    })
    .returning({ formerTs, postedIn });
  return started?.formerTs ? { channel: started.postedIn ?? to, ts: started.formerTs } : undefined;
}

/** Records that the previous reminder was deleted. */
export async function previousDeleted(db: Db, channel: string): Promise<void> {
  await db.tables.update(reminderMessages).set({ formerTs: null }).where(ofChannel(channel));
}

/** Records where the reminder of a tick was posted for a channel, or a person. */
export async function recordPosted(db: Db, to: string, tick: Date, { channel, ts }: MessageLocation): Promise<void> {
  await db.tables
    .update(reminderMessages)
    .set({ ts, postedIn: channel === to ? null : channel })
    .where(and(ofChannel(to), eq(reminderMessages.tick, tick)));
}

/** Records that a channel or a person has no reminder. */
export async function remove(db: Db, channel: string, tick: Date): Promise<void> {
  await db.tables.delete(reminderMessages).where(and(ofChannel(channel), eq(reminderMessages.tick, tick)));
}
