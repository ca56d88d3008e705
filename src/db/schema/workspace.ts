/** The Slack workspace and the app that this database belongs to. */
import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, text } from 'drizzle-orm/pg-core';
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
  },
  (table) => [check('workspace_only', sql`${table.only}`)],
);
