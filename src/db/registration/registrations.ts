/** Registrations: finds them by id, and lists those that an owner may unregister. */
import { and, asc, count, eq, getTableColumns, gt, inArray, type SQL, sql } from 'drizzle-orm';
import { maxCounted } from '../../domain/pagination.ts';
import { isPublic, type MessageLocation, type NumberedReference, type Reference } from '../../domain/reference.ts';
import { type Status, statusesAllowing } from '../../domain/registration.ts';
import { hadAccess } from '../access/shown.ts';
import type { Tx } from '../client.ts';
import { currentId } from '../current-channel.ts';
import { type Db, preparedOnce } from '../db.ts';
import { applicationOwners, applications, isLiveRow, isPending, registrations, services } from '../schema/core.ts';
import { reminderMessages } from '../schema/scheduling.ts';
import { matchesAllWords } from '../text-search.ts';
import { countUnknown } from '../unknown-ids.ts';

/** Selects who owns the application of a registration. */
export const ownersOfApplication = sql<string[]>`(
  select coalesce(json_agg(o.user_id order by o.user_id), '[]') from ${applicationOwners} o
  where o.application_id = ${registrations.applicationId})`;

/** Builds a statement that is prepared once, because every click and every message runs one. */
const findWhere = (tables: Db['tables'], which: SQL) =>
  tables
    .select({
      // Its card is where the channel is now, also in the moment before the row is changed.
      registration: {
        ...getTableColumns(registrations),
        cardChannel: currentId<string | null>(sql`${registrations.cardChannel}`),
      },
      service: services,
      application: applications.name,
      applicationDeletedAt: applications.deletedAt,
      hadAccess,
      owners: ownersOfApplication,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(which);
const findById = preparedOnce((tables) =>
  findWhere(tables, eq(registrations.id, sql.placeholder('id'))).prepare('a_registration'),
);
const findByPublicId = preparedOnce((tables) =>
  findWhere(tables, eq(registrations.publicId, sql.placeholder('publicId'))).prepare('a_registration_by_public_id'),
);

/** Finds a registration with its service and application, without a lock; undefined where there is none. */
export async function find(db: Db, id: number) {
  const [row] = await findById(db).execute({ id });
  return row;
}

/**
 * Locks a registration's row. Its application is locked first, as wherever both are: who becomes an owner while they decide does
 * one or the other. Undefined where there is none.
 */
export async function lockInApplication(tx: Tx, id: number): Promise<LockedRegistration | undefined> {
  await tx.execute(sql`
    select from ${applications} where id = (select application_id from ${registrations} where id = ${id}) for share`);
  const [row] = await selectDeciding(tx).where(eq(registrations.id, id)).for('update', { of: registrations });
  return row;
}

/** Selects only what an action is decided by and has to update: every column more is built into the statement at each click. */
const selectDeciding = (tx: Tx) =>
  tx
    .select({
      registration: {
        id: registrations.id,
        applicationId: registrations.applicationId,
        requester: registrations.requester,
        ownersAtRequest: registrations.ownersAtRequest,
        status: registrations.status,
        version: registrations.version,
        changedBy: registrations.changedBy,
        changedAt: registrations.changedAt,
        remindAt: registrations.remindAt,
        firstRemindedAt: registrations.firstRemindedAt,
        remindedAt: registrations.remindedAt,
        remindedIn: registrations.remindedIn,
        escalatedIn: registrations.escalatedIn,
        putOffBy: registrations.putOffBy,
      },
      service: { approvers: services.approvers, channel: services.channel, access: services.access },
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId));

export type LockedRegistration = Awaited<ReturnType<typeof selectDeciding>>[number];

/**
 * Finds the registration that a button or a form names. A number counts only on a message that this database knows as one
 * that shows the registration: its card, or the reminder that lists it. Undefined for what is another database's.
 */
export async function resolve(
  db: Db,
  reference: Reference | NumberedReference | undefined,
  message?: MessageLocation,
): Promise<FoundRegistration | undefined> {
  if (!reference) return undefined;
  const found = isPublic(reference)
    ? (await findByPublicId(db).execute({ publicId: reference.publicId }))[0]
    : await findShownBy(db, reference.id, message);
  if (!found) await countUnknown(db);
  return found;
}

async function findShownBy(db: Db, id: number, message: MessageLocation | undefined) {
  const row = message && (await find(db, id));
  return row && (await isShownBy(db, row, message)) ? row : undefined;
}

/**
 * Tells whether a message is a copy of the registration's card: it is in the card's channel, and neither the card nor the
 * reminder. Before the card is recorded, whatever is there counts.
 */
export async function isCopy(db: Db, row: FoundRegistration, message: MessageLocation | undefined): Promise<boolean> {
  const { cardChannel, cardTs } = row.registration;
  if (!message || cardTs === null || cardChannel !== message.channel) return false;
  return !(await isShownBy(db, row, message));
}

/** Tells whether a message is the registration's card, or the reminder that lists it. */
async function isShownBy(db: Db, { registration }: FoundRegistration, message: MessageLocation): Promise<boolean> {
  const { cardChannel, cardTs, remindedIn, escalatedIn } = registration;
  if (cardChannel === message.channel && cardTs === message.ts) return true;
  if (![remindedIn, escalatedIn].includes(message.channel)) return false;
  const reminder = and(eq(reminderMessages.channel, message.channel), eq(reminderMessages.ts, message.ts));
  return (await db.tables.$count(reminderMessages, reminder)) > 0;
}

/**
 * Lists the ids of some of a service's pending requests, those above `after`. Only the ids: PostgreSQL reads them in the
 * order of the index, where for whole rows it may go through all registrations.
 */
export async function somePending(
  tables: Db['tables'] | Tx,
  service: number,
  after: number,
  limit: number,
): Promise<number[]> {
  const rows = await tables
    .select({ id: registrations.id })
    .from(registrations)
    .where(and(eq(registrations.serviceId, service), isPending, gt(registrations.id, after)))
    .orderBy(asc(registrations.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Counts registrations, up to `maxCounted`: what a count costs does not grow with them. */
export async function countSome(tables: Db['tables'], which: SQL | undefined): Promise<number> {
  const some = tables.select({ id: registrations.id }).from(registrations).where(which).limit(maxCounted).as('some');
  const [{ total } = { total: 0 }] = await tables.select({ total: count() }).from(some);
  return total;
}

/** Names a registration for the user who acts on it. */
export const namesOf = ({ registration, service, application }: FoundRegistration) => ({
  service: service.name,
  application,
  requester: registration.requester,
});

export type FoundRegistration = NonNullable<Awaited<ReturnType<typeof find>>>;

/** A registration that a person may unregister. */
export type Unregistrable = { publicId: string; version: number; service: string; application: string; status: Status };

/**
 * Lists what a person may unregister, of all applications they own, where every word typed matches; at most `limit`. Without a
 * word the first `maxCounted` are sorted; a word is looked for in all of them.
 */
export async function searchUnregistrable(
  db: Db,
  owner: string,
  typed: string,
  limit: number,
): Promise<Unregistrable[]> {
  const held = db.tables
    .select({ id: registrations.id })
    .from(applicationOwners)
    .innerJoin(registrations, eq(registrations.applicationId, applicationOwners.applicationId))
    .where(
      and(
        eq(applicationOwners.userId, owner),
        isLiveRow,
        inArray(registrations.status, statusesAllowing('unregister')),
      ),
    )
    .$dynamic();
  const some = (typed.trim() === '' ? held.limit(maxCounted) : held).as('held');
  return db.tables
    .select({
      publicId: registrations.publicId,
      version: registrations.version,
      service: services.name,
      application: applications.name,
      status: registrations.status,
    })
    .from(some)
    .innerJoin(registrations, eq(registrations.id, some.id))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      // The text that the picker shows, so that users can type what they read there.
      matchesAllWords(
        sql`fold(concat(${services.name}, ' — ', ${applications.name}, ' (', ${registrations.status}, ')'))`,
        typed,
      ),
    )
    .orderBy(sql`fold(${services.name})`, sql`fold(${applications.name})`)
    .limit(limit);
}
