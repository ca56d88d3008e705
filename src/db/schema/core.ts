/**
 * What is kept. Slack shows state and never holds it: every card, message and answer is drawn from these rows.
 * `npm run migrate:new -- --name what-changes` writes the migration after a change here.
 */
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
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { ServiceAccess } from '../../domain/access.ts';
import { type EventKind, liveStatuses, type Status, statuses } from '../../domain/registration.ts';

const id = () => bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity();
export const timestampColumn = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });
/** Where a row of a record stands in the one chain of all of them (db/chain.ts): 1, 2, 3 … without gaps; and its hash. */
export const foreignKeyTo = {
  seq: bigint({ mode: 'number' }).notNull().default(0),
  hash: text().notNull().default(''),
};
const oneOf = (values: readonly string[]) => sql.raw(values.map((value) => `'${value}'`).join(', '));

export const services = pgTable(
  'services',
  {
    id: id(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    description: text().notNull().default(''),
    docs: text(),
    registrationEnabled: boolean().notNull().default(true),
    autoApprove: boolean().notNull().default(false),
    channel: text(),
    approvers: text().array().notNull().default(sql`'{}'`),
    /** Where an approved application is let through; null: nowhere is anything set. */
    access: jsonb().$type<ServiceAccess>(),
    managedBy: text().$type<'file' | 'slack'>().notNull(),
    /** Rises by one with each change; forms and menus carry it. */
    version: integer().notNull().default(1),
    /** Since when it is offered to nobody any more; what is registered for it stays. */
    retiredAt: timestampColumn(),
    /** Everything a picker searches, in lower case, so that one trigram index answers for all of it. */
    // A space stands before each word, also the first: where words begin is then one thing to look for.
    search: text().notNull().generatedAlwaysAs(sql`' ' || lower(name || ' ' || slug || ' ' || description)`),
  },
  (table) => [
    index('services_search').using('gin', sql`${table.search} gin_trgm_ops`),
    index('services_by_name').on(sql`lower(${table.name}) collate "C"`, table.id),
    check('services_managed_by', sql`${table.managedBy} in ('file', 'slack')`),
  ],
);

export const applications = pgTable(
  'applications',
  {
    id: id(),
    name: text().notNull(),
    createdBy: text().notNull(),
    createdAt: timestampColumn().notNull(),
    deletedAt: timestampColumn(),
    /** Rises by one with each change of its name, its owners or its life; forms carry it. */
    version: integer().notNull().default(1),
  },
  (table) => [uniqueIndex('applications_name').on(sql`lower(${table.name})`).where(sql`${table.deletedAt} is null`)],
);

export const applicationOwners = pgTable(
  'application_owners',
  {
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    userId: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.applicationId, table.userId] }),
    index('application_owners_by_user').on(table.userId),
  ],
);

export const registrations = pgTable(
  'registrations',
  {
    id: id(),
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    serviceId: bigint({ mode: 'number' })
      .notNull()
      .references(() => services.id),
    requester: text().notNull(),
    reason: text().notNull(),
    requestedAt: timestampColumn().notNull(),
    /** The Slack view it was submitted from: the same form, sent twice or replayed, makes nothing twice. */
    form: text().notNull(),
    status: text().$type<Status>().notNull(),
    /** Rises by one with each change of status; buttons carry it. */
    version: integer().notNull(),
    changedBy: text(),
    changedAt: timestampColumn().notNull(),
    changeReason: text(),
    /** Where its card is, stored so that a changed setting orphans no card. */
    cardChannel: text(),
    cardTs: text(),
    /** Which drawing the card shows: `version` and `card_changes` as they then were, added up. */
    cardVersion: integer(),
    /** Rises by one with each change of what the card shows beside the status: a name, its channel, the reason. Buttons do not carry it. */
    cardChanges: integer().notNull().default(0),
    /** When it was last compared with what stands in Slack. */
    cardCheckedAt: timestampColumn(),
    /** What was last found different, where redrawing it was of no use: Slack writes it in a way of its own. */
    cardDiffers: text(),
    /** When a pending one is next due for a reminder, null for never; and how many it has had. */
    remindAt: timestampColumn(),
    reminders: integer().notNull().default(0),
    /** The tick that claimed it for its first reminder, and for its last. */
    firstRemindedAt: timestampColumn(),
    remindedAt: timestampColumn(),
    /** The channels whose reminders list it since then: its approval channel, and where it was escalated to. */
    remindedIn: text(),
    escalatedIn: text(),
    /** Who has put the next reminder off, until `remindAt`. */
    putOffBy: text(),
  },
  (table) => [
    uniqueIndex('registrations_live')
      .on(table.applicationId, table.serviceId)
      .where(sql`${table.status} in (${oneOf(liveStatuses)})`),
    uniqueIndex('registrations_form').on(table.form, table.applicationId, table.serviceId),
    index('registrations_by_requester').on(table.requester, table.serviceId),
    index('registrations_pending_by_requester').on(table.requester).where(sql`${table.status} = 'pending'`),
    index('registrations_by_application').on(table.applicationId, table.serviceId),
    index('registrations_pending').on(table.requestedAt, table.id).where(sql`${table.status} = 'pending'`),
    index('registrations_pending_by_service').on(table.serviceId, table.id).where(sql`${table.status} = 'pending'`),
    // Which cards to look at next: those that stand and were not looked at for longest.
    index('registrations_to_check')
      .on(sql`${table.cardCheckedAt} nulls first`)
      .where(sql`${table.status} in (${oneOf(liveStatuses)}) and ${table.cardTs} is not null`),
    // Empty but for the moments between a change and its drawing.
    index('registrations_undrawn')
      .on(table.changedAt)
      .where(sql`${table.cardVersion} is distinct from ${table.version} + ${table.cardChanges}`),
    index('registrations_due').on(table.remindAt).where(sql`${table.status} = 'pending'`),
    index('registrations_reminded').on(table.remindedAt, table.remindedIn).where(sql`${table.status} = 'pending'`),
    check('registrations_status', sql`${table.status} in (${oneOf(statuses)})`),
  ],
);

/** As its indexes say it, word for word: a plan that is kept for any status cannot use them. */
export const isPending = sql`${registrations.status} = 'pending'`;

/**
 * Every change, once: who, what, from, to, why, when. Triggers refuse update and delete, and chain each row to the one
 * before it (db/chain.ts): an insert leaves `seq` and `hash` out.
 */
export const history = pgTable(
  'history',
  {
    registrationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => registrations.id),
    version: integer().notNull(),
    /** Who did it; null where time did. */
    actor: text(),
    action: text().$type<EventKind>().notNull(),
    from: text('from_status').$type<Status>(),
    to: text('to_status').$type<Status>().notNull(),
    reason: text(),
    at: timestampColumn().notNull(),
    ...foreignKeyTo,
    /** Its registration's, filled in by a trigger, so that a service's events are found without looking at all others. */
    serviceId: bigint({ mode: 'number' }).notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.registrationId, table.version] }),
    index('history_by_service').on(table.serviceId, table.at, table.registrationId, table.version),
    uniqueIndex('history_by_seq').on(table.seq),
    index('history_at').on(table.at),
  ],
);

/** The last link of the chain, in the only row there is. Whoever adds to a record holds it until the commit. */
export const historyHead = pgTable(
  'history_head',
  {
    only: boolean().primaryKey().default(true),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
  },
  (table) => [check('history_head_only', sql`${table.only}`)],
);

/** The Homes that have been opened, and what each shows: who has never opened theirs is never drawn one. */
export const homes = pgTable('homes', {
  userId: text().primaryKey(),
  openedAt: timestampColumn().notNull(),
  /** The page of the person's own registrations, and the page of the requests that wait for them; from 1. */
  minePage: integer().notNull().default(1),
  queuePage: integer().notNull().default(1),
  /** The page of the catalog, for admins, and what it is searched for. */
  catalogPage: integer().notNull().default(1),
  catalogSearch: text().notNull().default(''),
  /** What the requests are filtered by; null and '' are no filter. */
  serviceId: bigint({ mode: 'number' }),
  search: text().notNull().default(''),
  /** Something has changed since it was last drawn, and a redraw is in the outbox. */
  stale: boolean().notNull().default(false),
  /** By the database's clock, which all replicas share; null where it is to be drawn without waiting. */
  drawnAt: timestampColumn(),
});
