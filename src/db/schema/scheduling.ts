/** The tables of scheduled work: served ticks, reminder messages and the pacing of channels. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const moment = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });

/** The last tick of each schedule that was served, in wall-clock time: one replica of all serves it. */
export const servedTicks = pgTable('served_ticks', {
  schedule: text().primaryKey(),
  /** The cron expression and its time zone. When it changes, `reading` starts again. */
  pattern: text().notNull().default(''),
  reading: timestamp({ precision: 3, mode: 'date' }).notNull(),
});

/** The reminder in each channel, and in a person's direct messages: there is never more than one. */
export const reminderMessages = pgTable('reminder_messages', {
  /** The channel, or the person. */
  channel: text().primaryKey(),
  /** The channel of a person's direct messages. */
  postedIn: text(),
  /** The tick that it belongs to. */
  tick: moment().notNull(),
  /** Null while it is being posted. */
  ts: text(),
  /** The previous reminder, until it is deleted. */
  formerTs: text(),
});

/** Channels, and kinds of effects, that Slack has rate limited: what is due there waits for a slot. */
export const channelTurns = pgTable('channel_turns', {
  /** The channel, the person for direct messages, or the name of the kind. */
  channel: text().primaryKey(),
  /** Until when Slack accepts nothing. */
  closedUntil: moment().notNull(),
  /** The first moment that is not reserved yet. */
  free: moment().notNull(),
  /** The round of the message that went last. */
  round: bigint({ mode: 'number' }).notNull().default(0),
});

/** The settings on who decides of the newest start, in the only row there is: an older replica sees that its own are old. */
export const policyInForce = pgTable(
  'policy_in_force',
  {
    only: boolean().primaryKey().default(true),
    policy: text().notNull(),
    /** By the database's clock. */
    since: moment().notNull(),
  },
  (table) => [check('policy_in_force_only', sql`${table.only}`)],
);
