/** The Slack workspace and the app that this database belongs to, and what tells that another database shares the app. */
import { sql } from 'drizzle-orm';
import { boolean, check, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { timestampColumn } from './core.ts';

/** A single row, written by the first start. */
export const workspace = pgTable(
  'workspace',
  {
    only: boolean().primaryKey().default(true),
    teamId: text().notNull(),
    teamName: text().notNull(),
    /** Null where Slack did not say: another Slack API (SLACK_API_URL) may not know apps. */
    appId: text(),
    since: timestampColumn().notNull().defaultNow(),
    /** Which database this row was in at the last start: in another one, it was restored from a copy. Null before the first. */
    database: text(),
    /** When the database was last restored from a copy. */
    restoredAt: timestampColumn(),
  },
  (table) => [check('workspace_only', sql`${table.only}`)],
);

/**
 * How many clicks and forms named what is not in this database, in a single row: in the hour that `hour` begins, and in the one
 * before it.
 */
export const unknownIds = pgTable(
  'unknown_ids',
  {
    only: boolean().primaryKey().default(true),
    hour: timestampColumn().notNull(),
    count: integer().notNull(),
    before: integer().notNull(),
  },
  (table) => [check('unknown_ids_only', sql`${table.only}`)],
);

/** Channels whose id Slack has changed: the ids in the environment and in the catalog file stay what they were. */
export const channelIds = pgTable('channel_ids', {
  old: text().primaryKey(),
  current: text().notNull(),
  since: timestampColumn().notNull().defaultNow(),
  /** When everything that named the old id was changed; null until then. */
  movedAt: timestampColumn(),
});
