/** The tables about applications: their events, and those that have no owner. The applications are in core.ts. */
import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ApplicationEvent } from '../../domain/application.ts';
import { applications, chainColumns, coversColumn, timestampColumn } from './core.ts';

/** Every event of an application. Append-only and chained, like `history`. */
export const applicationHistory = pgTable(
  'application_history',
  {
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    version: integer().notNull(),
    /** Who did it; null where an owner left Slack. */
    actor: text(),
    action: text().$type<ApplicationEvent>().notNull(),
    /** The application's name after the event. */
    name: text().notNull(),
    /** The owners that were added and removed. */
    added: text().array().notNull(),
    removed: text().array().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
    covers: coversColumn(),
  },
  (table) => [
    primaryKey({ columns: [table.applicationId, table.version] }),
    uniqueIndex('application_history_by_seq').on(table.seq),
    // What a person has owned until they left Slack.
    index('application_history_departed')
      .on(sql`(${table.removed}[1])`, table.applicationId)
      .where(sql`${table.action} = 'depart'`),
  ],
);

/** Applications that lost their last owner, and the message about each in the admin channel. */
export const ownerless = pgTable(
  'orphans',
  {
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    /** The event that removed the last owner. */
    version: integer().notNull(),
    /** The event that assigned an owner; null until then. */
    adoptedVersion: integer(),
    channel: text(),
    ts: text(),
  },
  (table) => [primaryKey({ columns: [table.applicationId, table.version] })],
);
