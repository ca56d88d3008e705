/** The outbox: one row for each effect that is still to be delivered, and for each dead letter. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

/** Builds a column in microseconds: these moments order jobs, and none of them is compared with the process's clock. */
const moment = () => timestamp({ withTimezone: true, mode: 'date' });

export const outbox = pgTable(
  'outbox',
  {
    /** The place in the lane. A redriven dead letter keeps it. */
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** Which workers take it. */
    queue: text().notNull(),
    /** Jobs of one lane are delivered one at a time, in the order of their ids. */
    lane: text().notNull(),
    /** 0 follows a person's act, 1 the clock, 2 is bulk. */
    priority: smallint().notNull(),
    /** May be the first of its lane. The lowest id of a lane is in front, or a job of the lane is leased. */
    front: boolean().notNull(),
    /** When it is due; while it is leased, when the lease ends. */
    runAt: moment().notNull().defaultNow(),
    /** Whether a worker has it. */
    leased: boolean().notNull().default(false),
    /** Rises with each claim: the fencing token of the worker that has it. */
    attempt: integer().notNull().default(0),
    /** How many attempts have failed since it was enqueued or redriven. */
    retries: integer().notNull().default(0),
    /** An earlier attempt may have reached Slack without our knowing. */
    unsure: boolean().notNull().default(false),
    /** When the last such attempt had ended: what it posted, it posted before. Null where that is not known. */
    unsureUntil: moment(),
    enqueuedAt: moment().notNull().defaultNow(),
    /** From then on a failure makes it a dead letter: nothing is retried for ever. */
    giveUpAt: moment().notNull().default(sql`now() + interval '7 days'`),
    /** The send time in a channel that it waits for. */
    slot: moment(),
    /** The channel that the slot is in, whose request it is about, and in which round of them it goes (channel-pacing.ts). */
    pacedIn: text(),
    requester: text(),
    round: bigint({ mode: 'number' }),
    /** How far an attempt came, such as the cursor of a search in a channel's history. */
    progress: text(),
    /** Where it could not be delivered and why: of a dead letter, and of a retry that needs a human. */
    destination: text(),
    cause: text(),
    /** Since when it is a dead letter. */
    deadAt: moment(),
    effect: jsonb().$type<{ kind: string }>().notNull(),
    kind: text().notNull().generatedAlwaysAs(sql`effect->>'kind'`),
  },
  (table) => [
    // What may be claimed, in the order in which it is claimed. Its cost does not depend on what waits behind the fronts.
    index('outbox_front')
      .on(table.queue, table.priority, table.runAt, table.id)
      .where(sql`${table.front} and ${table.deadAt} is null`),
    index('outbox_lane').on(table.lane, table.id).where(sql`${table.deadAt} is null`),
    uniqueIndex('outbox_leased').on(table.lane).where(sql`${table.leased}`),
    // What a person's job raises that waits behind it (outbox/urgency.ts).
    index('outbox_raisable').on(table.lane, table.id).where(sql`${table.priority} > 0 and ${table.deadAt} is null`),
    index('outbox_by_destination')
      .on(table.destination, table.cause, table.id)
      .where(sql`${table.destination} is not null`),
    index('outbox_dead').on(table.deadAt, table.id).where(sql`${table.deadAt} is not null`),
    // Whose turn it is in a channel, the last round of each requester, and the last slot.
    index('outbox_turns')
      .on(table.pacedIn, table.priority, table.round, table.id)
      .where(sql`${table.pacedIn} is not null and ${table.deadAt} is null`),
    index('outbox_rounds')
      .on(table.pacedIn, table.requester, table.round)
      .where(sql`${table.pacedIn} is not null and ${table.deadAt} is null`),
    index('outbox_slots')
      .on(table.pacedIn, table.slot)
      .where(sql`${table.pacedIn} is not null and ${table.deadAt} is null`),
    // For the metrics.
    index('outbox_waiting').on(table.kind, table.runAt).where(sql`${table.deadAt} is null and not ${table.leased}`),
    index('outbox_retrying').on(table.kind).where(sql`${table.deadAt} is null and ${table.retries} > 0`),
  ],
);
