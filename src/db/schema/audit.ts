/** The tables of the audit log that are about no single subject. The events of each are with the table of their subjects. */
import { bigint, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { chainColumns, timestampColumn } from './core.ts';

/**
 * What the columns held that no event vouched for, when events began to: hundreds of subjects in a row, by id. A migration
 * wrote them, and nothing is added. Append-only and chained, like `history`.
 */
export const auditBaselines = pgTable(
  'audit_baselines',
  {
    number: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** Of which kind the subjects are. */
    record: text().$type<'registration' | 'application' | 'service'>().notNull(),
    facts: jsonb().$type<Record<string, Record<string, unknown>>>().notNull(),
    /** The approvers of services, and the owners at the requests of registrations. */
    people: jsonb().$type<Record<string, string[]>>().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
  },
  (table) => [uniqueIndex('audit_baselines_by_seq').on(table.seq)],
);
