/** The events of services. The services are in core.ts. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
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

/** The catalog file that was applied last, in the only row there is: one that has not changed is not read again. */
export const appliedCatalog = pgTable(
  'applied_catalog',
  {
    only: boolean().primaryKey().default(true),
    /** The hash of the file, and of what its meaning depends on (catalog-file.ts). */
    file: text().notNull(),
    /** The hash of the services that it manages, as it left them. */
    services: text().notNull(),
    /** The gateways that it declares, without their tokens. */
    gateways: jsonb().notNull(),
  },
  (table) => [check('applied_catalog_only', sql`${table.only}`)],
);
