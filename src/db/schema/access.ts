/** Access at gateways: what each has confirmed, which keys were made there, and the record of both. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { AccessEvent, GatewayFailure } from '../../domain/access.ts';
import { applications, chainColumns, registrations, timestampColumn } from './core.ts';

const application = () =>
  bigint({ mode: 'number' })
    .notNull()
    .references(() => applications.id);

/** A group of an application at a gateway: whether it is wanted, and what the gateway has confirmed. */
export const applicationAccess = pgTable(
  'application_access',
  {
    applicationId: application(),
    gateway: text().notNull(),
    group: text('group_name').notNull(),
    /** The registration that last backed it, one of perhaps several. */
    registrationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => registrations.id),
    /** Whether an approved registration backed it when it was last looked at. */
    wanted: boolean().notNull(),
    /** Drawn again whenever `wanted` changes: the id of the webhook's event. */
    change: uuid().notNull().defaultRandom(),
    /** What the gateway has confirmed; null where it was asked for a grant and has not confirmed it. */
    open: boolean(),
    /** Since when `open` is as it is. */
    since: timestampColumn().notNull(),
    /** Why the gateway is not as wanted, and since when. */
    failure: text().$type<GatewayFailure>(),
    failingSince: timestampColumn(),
    /** An owner has read that access is on its way: they hear when it has come. */
    announce: boolean().notNull().default(false),
    /** When the admin channel was told that access is still open. */
    toldAt: timestampColumn(),
  },
  (table) => [
    primaryKey({ columns: [table.applicationId, table.gateway, table.group] }),
    index('application_access_by_gateway').on(table.gateway, table.applicationId),
    // Empty but for what is on its way.
    index('application_access_unsettled')
      .on(table.gateway, table.applicationId)
      .where(sql`${table.open} is distinct from ${table.wanted}`),
    index('application_access_by_registration').on(table.registrationId),
    // What may be let through: a person's list has of it what no registration backs any longer.
    index('application_access_open')
      .on(table.applicationId, table.registrationId)
      .where(sql`${table.open} is distinct from false`),
  ],
);

/** The keys of an application at a gateway: never the key itself. */
export const applicationKeys = pgTable(
  'application_keys',
  {
    /** The key's id at the gateway. */
    id: uuid().primaryKey(),
    applicationId: application(),
    gateway: text().notNull(),
    lastFour: text().notNull(),
    madeBy: text().notNull(),
    madeAt: timestampColumn().notNull(),
    /** Its owner has seen it. Until then it is being made; what never was is removed again. */
    shown: boolean().notNull().default(false),
    removedBy: text(),
    removedAt: timestampColumn(),
    /** The gateway has confirmed that it is gone. */
    gone: boolean().notNull().default(false),
    /** It may have come to the gateway after its removal, late or from a backup, and is removed again. Owners are told of one removal. */
    back: boolean().notNull().default(false),
  },
  (table) => [
    index('application_keys_live').on(table.applicationId, table.gateway).where(sql`not ${table.gone}`),
    index('application_keys_unshown').on(table.madeAt).where(sql`not ${table.shown} and not ${table.gone}`),
  ],
);

/** What has happened to the access of an application: granted, removed, a key made or removed. Append-only and chained. */
export const accessHistory = pgTable(
  'access_history',
  {
    applicationId: application(),
    version: integer().notNull(),
    /** Who did it; null where Registrar did what follows from a decision. */
    actor: text(),
    action: text().$type<AccessEvent>().notNull(),
    gateway: text().notNull(),
    /** The group, or the last four characters of the key. */
    subject: text().notNull(),
    at: timestampColumn().notNull(),
    ...chainColumns,
  },
  (table) => [
    primaryKey({ columns: [table.applicationId, table.version] }),
    uniqueIndex('access_history_by_seq').on(table.seq),
    index('access_history_at').on(table.at),
  ],
);
