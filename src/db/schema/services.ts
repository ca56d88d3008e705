/** The events of services. The services are in core.ts. */
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ServiceRecord } from '../../domain/service.ts';
import { chainColumns, coversColumn, services, timestampColumn } from './core.ts';

/** Every change of a service. Append-only and chained, like `history`. */
export const serviceChanges = pgTable(
  'service_changes',
  {
    serviceId: bigint({ mode: 'number' })
      .notNull()
      .references(() => services.id),
    version: integer().notNull(),
    /** Who did it; null where the catalog file did. */
    actor: text(),
    /** The changed fields, before and after. `before` is null where the service was added. */
    before: jsonb().$type<Partial<ServiceRecord>>(),
    after: jsonb().$type<Partial<ServiceRecord>>().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
    covers: coversColumn(),
  },
  (table) => [
    primaryKey({ columns: [table.serviceId, table.version] }),
    uniqueIndex('service_changes_by_seq').on(table.seq),
    index('service_changes_by_moment').on(table.serviceId, table.at, table.version),
  ],
);
