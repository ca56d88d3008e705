/**
 * Pacing: where Slack takes no more from us in a channel, the messages that are due there follow each other at Slack's
 * pace, each at a slot of its own. A slot is reserved in one statement, by any number of replicas, and no lock is held while
 * it is waited for. A channel that Slack has not slowed down costs one look at a table that is all but empty.
 */
import { sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { channelTurns } from '../schema/scheduling.ts';

/** When a message may go, and how many seconds that is from now. */
export type Slot = { at: Date; seconds: number };

/**
 * Slack takes about one message a second in a channel, and short bursts (https://docs.slack.dev/apis/web-api/rate-limits).
 * A little slower than that, in seconds, so that a delay on the way makes no two of them meet.
 */
const secondsPerMessage = 1.05;

/** A channel in which no message has waited for so many seconds is free for bursts again. */
const quietFor = 60;

type Row = { at: string | null; seconds: number };

/** Reserves a slot; undefined where a message may go now. `held` is the slot that it has waited for. */
export async function reserve(db: Db, channel: string, held: Date | undefined): Promise<Slot | undefined> {
  // Half a slot early is no matter: refusals that come back together close the channel a few milliseconds apart.
  const kept = held ? sql`${held.toISOString()}::timestamptz > closed_until - ${interval} / 2` : sql`false`;
  const [row] = await db.tables.execute<Row>(sql`
    update ${channelTurns} set
      free = case when ${kept} then free else greatest(free, closed_until, clock_timestamp()) + ${interval} end
    where channel = ${channel} and free > clock_timestamp() - make_interval(secs => ${quietFor}::float8)
    returning case when not ${kept} then ${at} end as at, ${seconds} as seconds`);
  return row && slotOf(row);
}

/** Pauses a channel that has just refused a message for so many seconds. Returns the slot of the refused one after that. */
export async function pause(db: Db, channel: string, wait: number): Promise<Slot> {
  const until = sql`clock_timestamp() + make_interval(secs => ${wait}::float8)`;
  const [row] = await db.tables.execute<Row>(sql`
    insert into ${channelTurns} (channel, closed_until, free) values (${channel}, ${until}, ${until} + ${interval})
    on conflict (channel) do update set
      closed_until = greatest(channel_turns.closed_until, excluded.closed_until),
      free = greatest(channel_turns.free, excluded.closed_until) + ${interval}
    returning ${at} as at, ${seconds} as seconds`);
  return (row && slotOf(row)) ?? { at: new Date(), seconds: wait };
}

const interval = sql`make_interval(secs => ${secondsPerMessage}::float8)`;
const at = sql`free - ${interval}`;
const seconds = sql`extract(epoch from ${at} - clock_timestamp())::float8`;

const slotOf = ({ at, seconds }: Row): Slot | undefined =>
  at !== null && seconds > 0 ? { at: new Date(at), seconds } : undefined;
