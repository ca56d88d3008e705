/**
 * The core tables. Slack shows state and never holds it: every card, message and response is rendered from these rows.
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
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ServiceAccess } from '../../domain/access.ts';
import { type EventKind, liveStatuses, type Status, statuses } from '../../domain/registration.ts';
import { maxReminders } from '../../domain/reminder.ts';

const id = () => bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity();
/**
 * Builds the column of the name under which Slack has it, in buttons, forms and options. Random, because ids start over in another database, and a
 * button of the one would decide something else in the other. The default also fills in what an older replica inserts.
 */
const publicId = (table: string) => uuid().notNull().unique(`${table}_public_id`).defaultRandom();
export const timestampColumn = () => timestamp({ withTimezone: true, precision: 3, mode: 'date' });
/** The columns of an event in the hash chain (audit-log/hash-chain.ts). Triggers write them: an insert leaves them out. */
export const chainColumns = {
  /** Its number, from 1 without gaps. */
  seq: bigint({ mode: 'number' }).notNull().default(0),
  hash: text().notNull().default(''),
  /** The form of its hash: 1 for events from before 2 was there. */
  chain: smallint().notNull().default(1),
  /** From form 2 on, the hash is over a digest of who did it and what they wrote, salted so that it tells neither. */
  salt: uuid(),
  personal: text(),
};
/** Builds the column of what else an event vouches for: its subject's columns that never change. Filled in by a trigger. */
export const coversColumn = () => jsonb().$type<Record<string, string | number>>();
const oneOf = (values: readonly string[]) => sql.raw(values.map((value) => `'${value}'`).join(', '));

export const services = pgTable(
  'services',
  {
    id: id(),
    publicId: publicId('services'),
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
    /** Rises by one with each change. Forms and menus carry it. */
    version: integer().notNull().default(1),
    /** When it was retired: it is not offered since then, and its registrations stay. */
    retiredAt: timestampColumn(),
    /**
     * All that a picker searches, in lower case, so that one trigram index covers it. There is a space before every word,
     * also the first, so that a search for the beginning of a word can look for one.
     */
    search: text().notNull().generatedAlwaysAs(sql`' ' || fold(name || ' ' || slug || ' ' || description)`),
  },
  (table) => [
    index('services_search').using('gin', sql`${table.search} gin_trgm_ops`),
    index('services_by_name').on(sql`fold(${table.name}) collate "C"`, table.id),
    // Few services have access, and few of many are looked at for a gateway.
    index('services_by_group')
      .on(sql`(${table.access}->>'gateway')`, sql`(${table.access}->>'group')`)
      .where(sql`${table.access} is not null`),
    // The order of the services picker: those with disabled registration last.
    index('services_offered')
      .on(table.registrationEnabled, sql`fold(${table.name}) collate "C"`, table.id)
      .where(sql`${table.retiredAt} is null`),
    check('services_managed_by', sql`${table.managedBy} in ('file', 'slack')`),
  ],
);

export const applications = pgTable(
  'applications',
  {
    id: id(),
    publicId: publicId('applications'),
    name: text().notNull(),
    createdBy: text().notNull(),
    createdAt: timestampColumn().notNull(),
    deletedAt: timestampColumn(),
    /** Rises by one with each change of its name or owners and with its deletion. Forms carry it. */
    version: integer().notNull().default(1),
  },
  (table) => [uniqueIndex('applications_name').on(sql`fold(${table.name})`).where(sql`${table.deletedAt} is null`)],
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
    publicId: publicId('registrations'),
    applicationId: bigint({ mode: 'number' })
      .notNull()
      .references(() => applications.id),
    serviceId: bigint({ mode: 'number' })
      .notNull()
      .references(() => services.id),
    requester: text().notNull(),
    /** Who owned the application when it was asked for: they never decide it. A trigger fills it in. */
    ownersAtRequest: text().array().notNull().default(sql`'{}'`),
    reason: text().notNull(),
    requestedAt: timestampColumn().notNull(),
    /** The id of the Slack view that was submitted: a form that is sent twice or replayed creates nothing twice. */
    form: text().notNull(),
    status: text().$type<Status>().notNull(),
    /** Rises by one with each transition. Buttons carry it. */
    version: integer().notNull(),
    changedBy: text(),
    changedAt: timestampColumn().notNull(),
    changeReason: text(),
    /** Where the card is: it is still found when the channel of the service or ADMIN_CHANNEL changes. */
    cardChannel: text(),
    cardTs: text(),
    /** What the card shows: the sum of `version` and `card_changes` when it was rendered. */
    cardVersion: integer(),
    /** Rises by one with each change of what the card shows except the status, such as a name. Buttons do not carry it. */
    cardChanges: integer().notNull().default(0),
    /** When the card in Slack was last compared with this row. */
    cardCheckedAt: timestampColumn(),
    /** The hash of the last difference found. If it is found again, updates do not remove it, so none is enqueued. */
    cardDiffers: text(),
    /** When a pending request is next due for a reminder, null for never; and how many reminders it has had. */
    remindAt: timestampColumn(),
    reminders: integer().notNull().default(0),
    /** The ticks of its first and of its latest reminder. */
    firstRemindedAt: timestampColumn(),
    remindedAt: timestampColumn(),
    /** The channels whose reminders list it since then: its approval channel, and the escalation channel. */
    remindedIn: text(),
    escalatedIn: text(),
    /** The approver who snoozed the next reminder, until `remindAt`. */
    putOffBy: text(),
  },
  (table) => [
    uniqueIndex('registrations_live')
      .on(table.applicationId, table.serviceId)
      .where(sql`${table.status} in (${oneOf(liveStatuses)})`),
    uniqueIndex('registrations_form').on(table.form, table.applicationId, table.serviceId),
    index('registrations_by_requester').on(table.requester, table.serviceId, table.id),
    index('registrations_requested').on(table.requester, table.requestedAt),
    index('registrations_pending_by_requester').on(table.requester).where(sql`${table.status} = 'pending'`),
    index('registrations_by_application').on(table.applicationId, table.serviceId, table.id),
    index('registrations_pending_by_application')
      .on(table.applicationId, table.id)
      .where(sql`${table.status} = 'pending'`),
    // In the order in which what follows a change of an application goes through them.
    index('registrations_in_application').on(table.applicationId, table.id),
    index('registrations_pending').on(table.requestedAt, table.id).where(sql`${table.status} = 'pending'`),
    index('registrations_pending_by_service').on(table.serviceId, table.id).where(sql`${table.status} = 'pending'`),
    // Who has access to a service: the comparison reads it and not what has none.
    index('registrations_approved_by_service')
      .on(table.serviceId, table.applicationId)
      .where(sql`${table.status} = 'approved'`),
    // In the order in which what follows a change of a service's access goes through its applications.
    index('registrations_of_service').on(table.serviceId, table.applicationId),
    // The order in which cards are compared.
    index('registrations_to_check')
      .on(sql`${table.cardCheckedAt} nulls first`)
      .where(sql`${table.status} in (${oneOf(liveStatuses)}) and ${table.cardTs} is not null`),
    // Empty except between a change and the update of the card.
    index('registrations_undrawn')
      .on(table.changedAt)
      .where(sql`${table.cardVersion} is distinct from ${table.version} + ${table.cardChanges}`),
    index('registrations_due').on(table.remindAt).where(sql`${table.status} = 'pending'`),
    // In the order in which a channel's reminder lists them: its own ones, and those escalated to it.
    index('registrations_reminded_in')
      .on(table.remindedAt, table.remindedIn, table.requestedAt, table.id)
      .where(sql`${table.status} = 'pending'`),
    index('registrations_escalated_in')
      .on(table.remindedAt, table.escalatedIn, table.requestedAt, table.id)
      .where(sql`${table.status} = 'pending' and ${table.escalatedIn} is not null`),
    index('registrations_first_reminded')
      .on(table.requester, table.firstRemindedAt)
      .where(sql`${table.firstRemindedAt} is not null`),
    index('registrations_last_reminded')
      .on(table.remindedAt, table.requestedAt, table.id)
      .where(sql`${table.status} = 'pending' and ${table.reminders} = ${sql.raw(String(maxReminders))}`),
    check('registrations_status', sql`${table.status} in (${oneOf(statuses)})`),
  ],
);

/** Selects pending registrations. A literal, as in the partial indexes: a cached plan with a parameter cannot use them. */
export const isPending = sql`${registrations.status} = 'pending'`;
/** Selects live registrations, in the same way. */
export const isLiveRow = sql`${registrations.status} in (${oneOf(liveStatuses)})`;

/**
 * Every event of a registration. Triggers refuse update and delete, and chain each row to the previous one
 * (audit-log/hash-chain.ts): an insert leaves `seq` and `hash` out.
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
    ...chainColumns,
    covers: coversColumn(),
    /** The service of its registration, filled in by a trigger: for the index below. */
    serviceId: bigint({ mode: 'number' }).notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.registrationId, table.version] }),
    index('history_by_service').on(table.serviceId, table.at, table.registrationId, table.version),
    uniqueIndex('history_by_seq').on(table.seq),
    index('history_at').on(table.at),
  ],
);

/** The head of the hash chain, in a single row. A transaction that appends locks it until the commit. */
export const historyHead = pgTable(
  'history_head',
  {
    only: boolean().primaryKey().default(true),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
  },
  (table) => [check('history_head_only', sql`${table.only}`)],
);

/** The Homes that have been opened, and the state of each. A Home that was never opened is not published. */
export const homes = pgTable('homes', {
  userId: text().primaryKey(),
  openedAt: timestampColumn().notNull(),
  /** The pages of the person's own registrations and of their approval queue, from 1. */
  minePage: integer().notNull().default(1),
  queuePage: integer().notNull().default(1),
  /** The page of the catalog, which only admins see, and its search. */
  catalogPage: integer().notNull().default(1),
  catalogSearch: text().notNull().default(''),
  /** The filter of the approval queue; null and '' are no filter. */
  serviceId: bigint({ mode: 'number' }),
  search: text().notNull().default(''),
  /** When the person chose each of these last, in Slack's seconds, by its name: what arrives late does not undo a later choice. */
  chosen: jsonb().$type<Record<string, number>>().notNull().default({}),
  /** Which view Slack has, in its own words; null before it answered. */
  hash: text(),
  /** Something has changed since the last update, and the next one is in the outbox. */
  stale: boolean().notNull().default(false),
  /** When it was last updated, by the database's clock, which all replicas share; null to update it without delay. */
  drawnAt: timestampColumn(),
});
