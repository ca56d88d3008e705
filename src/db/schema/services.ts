/** What is kept of services beside themselves: schema.ts says the rest. */
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ServiceRecord } from '../../domain/service.ts';
import { foreignKeyTo, services, timestampColumn } from './core.ts';

/** Every change of a service, once: who, when, and what the fields were that changed. Append-only and chained, as history is. */
export const serviceChanges = pgTable(
  'service_changes',
  {
    serviceId: bigint({ mode: 'number' })
      .notNull()
      .references(() => services.id),
    version: integer().notNull(),
    /** Who did it; null where the catalog file did. */
    actor: text(),
    /** The fields that changed, as they were and as they became; where the service began, nothing was before. */
    before: jsonb().$type<Partial<ServiceRecord>>(),
    after: jsonb().$type<Partial<ServiceRecord>>().notNull(),
    at: timestampColumn().notNull(),
    ...foreignKeyTo,
  },
  (table) => [
    primaryKey({ columns: [table.serviceId, table.version] }),
    uniqueIndex('service_changes_by_seq').on(table.seq),
    index('service_changes_by_moment').on(table.serviceId, table.at, table.version),
  ],
);
