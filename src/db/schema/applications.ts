/** What is kept of applications beside themselves: schema.ts says the rest. */
import { bigint, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ApplicationEvent } from '../../domain/application.ts';
import { applications, foreignKeyTo, timestampColumn } from './core.ts';

/** Every change of an application, once: who, what, who came and who went, when. Append-only and chained, as history is. */
export const applicationHistory = pgTable(
  'application_history',
  {
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    version: integer().notNull(),
    /** Who did it; null where an owner has left Slack. */
    actor: text(),
    action: text().$type<ApplicationEvent>().notNull(),
    /** Its name, after it. */
    name: text().notNull(),
    added: text().array().notNull(),
    removed: text().array().notNull(),
    at: timestampColumn().notNull(),
    ...foreignKeyTo,
  },
  (table) => [
    primaryKey({ columns: [table.applicationId, table.version] }),
    uniqueIndex('application_history_by_seq').on(table.seq),
  ],
);

/** Applications that have lost their last owner, and the message about each in the admin channel. */
export const orphans = pgTable(
  'orphans',
  {
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    /** The event that took its last owner. */
    version: integer().notNull(),
    /** The event that gave it one again; null until then. */
    adoptedVersion: integer(),
    channel: text(),
    ts: text(),
  },
  (table) => [primaryKey({ columns: [table.applicationId, table.version] })],
);
