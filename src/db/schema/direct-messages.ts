/** The direct messages that stay up to date: what tells a requester that they wait, what asks an approver, what tells an owner. */
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Effect } from '../../domain/effects.ts';
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
    /** Where it is; null before it is posted. */
    channel: text(),
    ts: text(),
    /** The tick at which they were last reminded of it by direct message. */
    remindedAt: timestamp({ withTimezone: true, precision: 3, mode: 'date' }),
  },
  (table) => [
    primaryKey({ columns: [table.registrationId, table.person] }),
    index('approver_messages_reminded').on(table.remindedAt, table.person).where(sql`${table.remindedAt} is not null`),
  ],
);

/** Whom a reminder of a request has reached: its requester reads it. */
export const remindedApprovers = pgTable(
  'reminded_approvers',
  {
    registrationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => registrations.id),
    /** A person, a user group, or a channel whose members decide. */
    approver: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.registrationId, table.approver] })],
);

/** What tells an owner about a registration: receipts, decisions, and that access is open. */
export const ownerMessages = pgTable(
  'owner_messages',
  {
    registrationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => registrations.id),
    person: text().notNull(),
    /** Which message: `receipt`, `decision@2`, or `access-open@` and what changed. */
    name: text().notNull(),
    /** What updates it while it has buttons; null where nothing of it ends. */
    effect: jsonb().$type<Effect>(),
    /** Where it is. */
    channel: text(),
    ts: text(),
  },
  (table) => [
    primaryKey({ columns: [table.registrationId, table.person, table.name] }),
    index('owner_messages_by_person').on(table.person, table.name),
  ],
);
