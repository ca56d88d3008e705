/** The direct messages that stay up to date: what tells a requester that they wait, and what asks an approver. */
import { bigint, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { registrations } from './core.ts';

/** What tells a requester which of their requests, first reminded of at a tick, still wait. */
export const pendingMessages = pgTable(
  'pending_messages',
  {
    person: text().notNull(),
    tick: timestamp({ withTimezone: true, precision: 3, mode: 'date' }).notNull(),
    /** Where it is; null while it is being posted. */
    channel: text(),
    ts: text(),
  },
  (table) => [primaryKey({ columns: [table.person, table.tick] })],
);

/** What asks an approver who cannot see a request's card to decide it. */
export const approverMessages = pgTable(
  'approver_messages',
  {
    registrationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => registrations.id),
    person: text().notNull(),
    /** Where it is; null while it is being posted. */
    channel: text(),
    ts: text(),
  },
  (table) => [primaryKey({ columns: [table.registrationId, table.person] })],
);
