/** What is kept of the clock, and of what it brings, beside the requests themselves (db/schema.ts). */
import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const moment = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });

/** The last tick of a schedule that was served, as the clock on the wall reads it: of any number of replicas one serves it. */
export const servedTicks = pgTable('served_ticks', {
  schedule: text().primaryKey(),
  /** What the schedule says, with its time zone: where it says something else, `reading` means nothing any more. */
  pattern: text().notNull().default(''),
  reading: timestamp({ precision: 3, mode: 'date' }).notNull(),
});

/** The reminder that stands in a channel: there is never more than one. */
export const reminderMessages = pgTable('reminder_messages', {
  channel: text().primaryKey(),
  /** The tick it is of. */
  tick: moment().notNull(),
  /** Null while it is being posted. */
  ts: text(),
  /** The one before it, while that is being removed. */
  formerTs: text(),
});

/** Channels that Slack has lately taken no more from: their messages wait for their turns. */
export const channelTurns = pgTable('channel_turns', {
  channel: text().primaryKey(),
  /** Until when Slack takes nothing. */
  closedUntil: moment().notNull(),
  /** The first moment that is nobody's turn yet. */
  free: moment().notNull(),
});
