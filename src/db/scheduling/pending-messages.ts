/** Where the message is that tells a requester which of their requests wait: recorded before and after it is posted. */
import { and, eq } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { pendingMessages } from '../schema/direct-messages.ts';

const ofTick = (person: string, tick: Date) => and(eq(pendingMessages.person, person), eq(pendingMessages.tick, tick));

/**
 * Records, where it is to be posted (`posting`), that a tick's message is about to be. Returns where it is; `begun` tells
 * whether it was posted before, or was about to be.
 */
export async function begin(
  db: Db,
  person: string,
  tick: Date,
  posting: boolean,
): Promise<{ begun: boolean; place: { channel: string; ts: string } | null }> {
  const made = posting
    ? await db.tables.insert(pendingMessages).values({ person, tick }).onConflictDoNothing().returning()
    : [];
  const [found] = await db.tables.select().from(pendingMessages).where(ofTick(person, tick));
  const place = found?.channel && found.ts ? { channel: found.channel, ts: found.ts } : null;
  return { begun: found !== undefined && made.length === 0, place };
}

/** Records where a tick's message is. */
export async function recordPosted(
  db: Db,
  person: string,
  tick: Date,
  { channel, ts }: { channel: string; ts: string },
): Promise<void> {
  await db.tables.update(pendingMessages).set({ channel, ts }).where(ofTick(person, tick));
}
