/**
 * Pacing: where Slack takes no more from us in a channel, the messages that are due there follow each other at Slack's
 * pace, each at a slot of its own. A slot is reserved in one statement, by any number of replicas, and no lock is held while
 * it is waited for. A channel that Slack has not slowed down costs one look at a table that is all but empty. Effects of a kind
 * whose method Slack limits are paced in the same way, under the name of the kind.
 *
 * Who waits at a slot wakes up then, and whose turn it is goes: messages are in rounds, one of each requester in a round, so
 * that a person with sixty cards delays no one else. Where another's turn comes first, the two change slots.
 */
import { type SQL, sql } from 'drizzle-orm';
import { effectKinds } from '../../domain/effects.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { outbox } from '../schema/outbox.ts';
import { channelTurns } from '../schema/scheduling.ts';
import { heldBy, outboxChannel } from './store.ts';
import type { Job } from './types.ts';

/** When a message may go, and how many seconds that is from now. */
export type Slot = { at: Date; seconds: number };

/** What waits for a slot: a job, with the one that it has waited for, and whose request it is about. */
type Waiting = { job: Pick<Job, 'id' | 'attempt' | 'slot' | 'pacedIn'>; requester: string | undefined };

/**
 * Slack takes about one message a second in a channel, and short bursts (https://docs.slack.dev/apis/web-api/rate-limits). A
 * little slower than that, in seconds, so that a delay on the way makes no two of them meet. Of chat.update and its like it takes
 * fifty calls a minute: thirty of a kind leave room for what follows a person's act.
 */
const pace = { channel: 1.05, kind: 2 };

/** Returns the time between two slots of a channel, or of a kind. */
function intervalIn(channel: string) {
  const isKind = effectKinds.some((kind) => kind === channel);
  return sql`make_interval(secs => ${isKind ? pace.kind : pace.channel}::float8)`;
}

/** A channel in which no message has waited for so many seconds is free for bursts again. */
const quietFor = 60;

type Row = { at: string; seconds: number };

/** Reserves a slot; undefined where a message may go now. */
export async function reserve(db: Db, channel: string, waiting: Waiting): Promise<Slot | undefined> {
  const [paced] = await db.tables.execute(sql`select from ${channelTurns} where channel = ${channel} and ${isPaced}`);
  if (!paced) return undefined;
  return db.tables.transaction(async (tx) => {
    const interval = intervalIn(channel);
    const { slot, pacedIn } = waiting.job;
    // Half a slot early is no matter: refusals that come back together close the channel a few milliseconds apart.
    const kept =
      slot && pacedIn === channel
        ? sql`${slot.toISOString()}::timestamptz > closed_until - ${interval} / 2`
        : sql`false`;
    const [row] = await tx.execute<Row & { kept: boolean }>(sql`
      update ${channelTurns} set
        free = case when ${kept} then free else greatest(free, closed_until, clock_timestamp()) + ${interval} end
      where channel = ${channel} and ${isPaced}
      returning ${kept} as kept, ${when(interval)}`);
    if (!row) return undefined;
    if (row.kept) return (await giveWay(tx, channel, waiting)) ?? (await take(tx, channel, waiting));
    await enterRound(tx, channel, waiting);
    return slotOf(row);
  });
}

/** Pauses a channel that has just refused a message for so many seconds. Returns the slot of the refused one after that. */
export async function pause(db: Db, channel: string, wait: number, waiting: Waiting): Promise<Slot> {
  const interval = intervalIn(channel);
  const until = sql`clock_timestamp() + make_interval(secs => ${wait}::float8)`;
  return db.tables.transaction(async (tx) => {
    const [row] = await tx.execute<Row>(sql`
      insert into ${channelTurns} (channel, closed_until, free) values (${channel}, ${until}, ${until} + ${interval})
      on conflict (channel) do update set
        closed_until = greatest(channel_turns.closed_until, excluded.closed_until),
        free = greatest(channel_turns.free, excluded.closed_until) + ${interval}
      returning ${when(interval)}`);
    if (!row) throw new Error('the channel was not paused');
    await enterRound(tx, channel, waiting);
    return { at: new Date(row.at), seconds: Math.max(0, row.seconds) };
  });
}

/** Puts a job into the round after the last of its requester's; without a requester, into the current one. It keeps its round. */
async function enterRound(tx: Tx, channel: string, { job, requester }: Waiting): Promise<void> {
  const last = requester
    ? sql`(select max(round) + 1 from ${outbox} where paced_in = ${channel} and requester = ${requester} and dead_at is null)`
    : sql`null`;
  await tx.execute(sql`
    update ${outbox} set paced_in = ${channel}, requester = ${requester ?? null},
      round = greatest((select round from ${channelTurns} where channel = ${channel}), ${last})
    where ${heldBy(job)} and paced_in is distinct from ${channel}`);
}

/** Wakes the job whose turn it is, where that is another one, and returns the slot that it had. */
async function giveWay(tx: Tx, channel: string, { job }: Waiting): Promise<Slot | undefined> {
  const [first] = await tx.execute<Row>(sql`
    with own as (select priority, round, id from ${outbox} where ${heldBy(job)}),
    first as (
      select other.id, other.slot from ${outbox} other, own
      where other.paced_in = ${channel} and other.dead_at is null and other.front and not other.leased
        and other.slot > clock_timestamp() and (other.priority, other.round, other.id) < (own.priority, own.round, own.id)
      order by other.priority, other.round, other.id limit 1 for update of other skip locked)
    update ${outbox} set slot = ${job.slot?.toISOString() ?? null}::timestamptz, run_at = clock_timestamp()
    from first where outbox.id = first.id
    returning first.slot::text as at, extract(epoch from first.slot - clock_timestamp())::float8 as seconds,
      pg_notify(${outboxChannel}, '')`);
  return first && slotOf(first);
}

/** Takes the slot: it is used, and the round of the job is the current one. */
async function take(tx: Tx, channel: string, { job }: Waiting): Promise<undefined> {
  await tx.execute(sql`
    with taken as (update ${outbox} set slot = null where ${heldBy(job)} returning round)
    update ${channelTurns} set round = greatest(channel_turns.round, taken.round) from taken where channel = ${channel}`);
}

/**
 * Gives the slot of a job that ends without having used it to the one that would wait longest: nothing waits for a gap. It
 * comes before the job's end, and like all here locks the channel first.
 */
export async function giveBack(tx: Tx, job: Job): Promise<void> {
  await tx.execute(sql`
    select from ${channelTurns} where channel = (
      select paced_in from ${outbox} where ${heldBy(job)} and slot is not null) for update`);
  await tx.execute(sql`
    with own as (select paced_in, slot from ${outbox} where ${heldBy(job)} and slot is not null),
    last as (
      select other.id, own.paced_in, own.slot from ${outbox} other, own
      where other.paced_in = own.paced_in and other.dead_at is null and other.front and not other.leased
        and other.slot > own.slot
      order by other.slot desc limit 1 for update of other skip locked),
    moved as (
      update ${outbox} set slot = last.slot, run_at = last.slot from last where outbox.id = last.id
      returning last.paced_in, pg_notify(${outboxChannel}, ''))
    update ${channelTurns} set free = free - ${intervalIn(job.pacedIn ?? '')} from moved where channel = moved.paced_in`);
}

const isPaced = sql`free > clock_timestamp() - make_interval(secs => ${quietFor}::float8)`;
const when = (interval: SQL) =>
  sql`free - ${interval} as at, extract(epoch from free - ${interval} - clock_timestamp())::float8 as seconds`;

const slotOf = ({ at, seconds }: Row): Slot | undefined => (seconds > 0 ? { at: new Date(at), seconds } : undefined);
