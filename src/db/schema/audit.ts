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
    /** The kind of the subjects. */
    record: text().$type<'registration' | 'application' | 'service'>().notNull(),
    facts: jsonb().$type<Record<string, Record<string, unknown>>>().notNull(),
    /** The approvers of services, and the owners at the requests of registrations. */
    people: jsonb().$type<Record<string, string[]>>().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
  },
  (table) => [uniqueIndex('audit_baselines_by_seq').on(table.seq)],
);

/**
 * Every erasure of what a person wrote and of their id: which events, and the salted digest of what each says since then.
 * Append-only and chained; a trigger lets an event change only as its erasure says.
 */
export const erasures = pgTable(
  'erasures',
  {
    number: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** What replaces the id. */
    mark: text().notNull(),
    /** Who had it erased; null where it was not said. */
    actor: text(),
    /** The digests, by `seq`. */
    events: jsonb().$type<Record<string, string>>().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
  },
  (table) => [uniqueIndex('erasures_by_seq').on(table.seq)],
);
