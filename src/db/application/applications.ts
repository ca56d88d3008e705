/** Applications and their owners. Names are unique, ignoring case, among applications that are not deleted. */
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { ShownAccess } from '../../domain/access.ts';
import { maxCounted, nearestPage, type Page } from '../../domain/pagination.ts';
import { inStatusSince, type Status } from '../../domain/registration.ts';
import type { RequestRefusal } from '../../domain/request.ts';
import { findShown, hadAccess, mayStillBeOpen } from '../access/shown.ts';
import type { Tx } from '../client.ts';
import { type Db, preparedOnce } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';
import { applicationOwners, applications, isLiveRow, registrations, services } from '../schema/core.ts';
import { matchesAllWords } from '../text-search.ts';
import { ownersOfName } from './owners.ts';

/** The application that a form names: an existing one by its public id, or a new one by name. */
export type OwnedApplication = { publicId: string } | { name: string };

/** Lists the applications of a person whose name contains every word typed, by name; at most `limit`. */
export async function searchOwned(
  db: Db,
  owner: string,
  typed: string,
  limit: number,
): Promise<{ publicId: string; name: string }[]> {
  return db.tables
    .select({ publicId: applications.publicId, name: applications.name })
    .from(applications)
    .innerJoin(applicationOwners, eq(applicationOwners.applicationId, applications.id))
    .where(
      and(
        eq(applicationOwners.userId, owner),
        isNull(applications.deletedAt),
        matchesAllWords(sql`fold(${applications.name})`, typed),
      ),
    )
    .orderBy(asc(sql`fold(${applications.name})`))
    .limit(limit);
}

const listTwoOwned = preparedOnce((tables) =>
  tables
    .select({ publicId: applications.publicId, name: applications.name })
    .from(applications)
    .innerJoin(applicationOwners, eq(applicationOwners.applicationId, applications.id))
    .where(and(eq(applicationOwners.userId, sql.placeholder('owner')), isNull(applications.deletedAt)))
    .limit(2)
    .prepare('two_owned'),
);

/** Finds the application of a person who has exactly one. Every form that opens asks for it. */
export async function findOnlyOwned(db: Db, owner: string): Promise<{ publicId: string; name: string } | undefined> {
  const [only, ...more] = await listTwoOwned(db).execute({ owner });
  return more.length === 0 ? only : undefined;
}

/** Finds which of these names other applications have, ignoring case, and who owns those. */
export async function findTaken(
  db: Db,
  names: string[],
): Promise<{ name: string; application: string; owners: string[] }[]> {
  const rows = await db.tables.execute<{ name: string; application: string; owners: string[] }>(sql`
    select wanted.name, a.public_id as application, array(select o.user_id from ${applicationOwners} o where o.application_id = a.id order by 1) as owners
    from jsonb_array_elements_text(${JSON.stringify(names)}::jsonb) wanted(name)
    cross join lateral (
      select id, public_id from ${applications} where fold(name) = fold(wanted.name) and deleted_at is null limit 1) a`);
  return [...rows];
}

/** An application with one of its live registrations. An application without any has one row, with null. */
export type OwnedRow = {
  applicationId: number;
  applicationPublicId: string;
  application: string;
  owners: string[];
  registration: {
    id: number;
    publicId: string;
    version: number;
    status: Status;
    since: Date;
    requester: string;
    /** Where its card is; null before it is posted. */
    cardChannel: string | null;
    cardTs: string | null;
    access: ShownAccess | null;
  } | null;
  service: {
    name: string;
    docs: string | null;
    approvers: string[];
    channel: string | null;
    registrationEnabled: boolean;
    retiredAt: Date | null;
  } | null;
};

/**
 * Selects a person's applications with their live registrations, by application: up to `maxCounted`, so that what a page
 * costs does not grow with them. An application without any has one row.
 */
const heldBy = (owner: string) => sql`(
  select a.id as application_id, a.folded, r.id as registration_id
  from (
    select a.id, fold(a.name) as folded from ${applicationOwners} o join ${applications} a on a.id = o.application_id
    where o.user_id = ${owner} and a.deleted_at is null order by folded, a.id) a
  left join lateral (
    select id from ${registrations} where application_id = a.id and ${isLiveRow}
    union all
    select registrations.id from ${applicationAccess} known join ${registrations} on registrations.id = known.registration_id
    where known.application_id = a.id and ${mayStillBeOpen} and not ${isLiveRow}
    limit ${maxCounted}) r on true
  limit ${maxCounted})`;

/** Lists a page of a person's applications and their live registrations, by application and service. */
export async function listOwned(
  db: Db,
  owner: string,
  { asked, size }: { asked: number; size: number },
): Promise<Page<OwnedRow>> {
  const held = sql`${heldBy(owner)} held`;
  const [{ total } = { total: 0 }] = await db.tables.execute<{ total: number }>(
    sql`select count(*)::int as total from ${held}`,
  );
  const { page, pages } = nearestPage(asked, total, size);
  // Each is looked up by itself (`offset 0`): for as many, PostgreSQL may read all services there are.
  const listed = sql`(
    select held.*, named.folded as service from ${held} left join lateral (
      select fold(s.name) as folded from ${registrations} r join ${services} s on s.id = r.service_id
      where r.id = held.registration_id offset 0) named on true
    order by held.folded, application_id, service, registration_id limit ${size} offset ${(page - 1) * size}) listed`;
  const rows = await db.tables
    .select({
      applicationId: applications.id,
      applicationPublicId: applications.publicId,
      application: applications.name,
      owners: sql<string[]>`array(
        select o.user_id from ${applicationOwners} o where o.application_id = ${applications.id} order by 1)`,
      registration: {
        id: registrations.id,
        publicId: registrations.publicId,
        version: registrations.version,
        status: registrations.status,
        requester: registrations.requester,
        requestedAt: registrations.requestedAt,
        changedAt: registrations.changedAt,
        cardChannel: registrations.cardChannel,
        cardTs: registrations.cardTs,
      },
      access: services.access,
      hadAccess,
      service: {
        name: services.name,
        docs: services.docs,
        approvers: services.approvers,
        channel: services.channel,
        registrationEnabled: services.registrationEnabled,
        retiredAt: services.retiredAt,
      },
    })
    .from(listed)
    .innerJoin(applications, sql`${applications.id} = listed.application_id`)
    .leftJoin(registrations, sql`${registrations.id} = listed.registration_id`)
    .leftJoin(services, eq(services.id, registrations.serviceId))
    .orderBy(sql`listed.folded`, asc(applications.id), sql`listed.service`, asc(registrations.id));
  const registered = rows.flatMap(({ applicationId, registration, access, hadAccess }) =>
    registration ? [{ ...registration, applicationId, access, hadAccess }] : [],
  );
  const access = await findShown(db, registered);
  const owned = rows.map(({ registration, access: _, hadAccess: __, ...row }) => ({
    ...row,
    registration: registration && {
      ...registration,
      since: inStatusSince(registration),
      access: access.get(registration.id) ?? null,
    },
  }));
  return { rows: owned, page, pages, total };
}

/**
 * Locks the chosen application until the transaction ends, creating it first where it is new (`made`). A new name that
 * the person already owns means that application, so that the same form sent twice creates one.
 */
export async function lockApplication(
  tx: Tx,
  application: OwnedApplication,
  person: string,
  at: Date,
  limit: number | undefined,
): Promise<{ ok: true; id: number; name: string; made: boolean } | { ok: false; refusal: RequestRefusal }> {
  if ('publicId' in application) {
    const found = await lockOwned(tx, person, eq(applications.publicId, application.publicId));
    return found
      ? { ok: true, made: false, ...found }
      : { ok: false, refusal: { field: 'application', kind: 'not-yours' } };
  }
  const { name } = application;
  const made = limit === undefined ? await insert(tx, name, person, at) : undefined;
  if (made) return { ok: true, made: true, ...made };
  const found = await lockOwned(tx, person, sql`fold(${applications.name}) = fold(${name})`);
  if (found) return { ok: true, made: false, ...found };
  if (limit !== undefined)
    return { ok: false, refusal: { field: 'application', kind: 'too-many-applications', limit } };
  const owners = await ownersOfName(tx, name);
  return { ok: false, refusal: { field: 'application', kind: 'name-taken', name, owners, mine: false } };
}

/** Holds a lock for a person until the commit: what they may have so many of is counted, and added to, by one at a time. */
export const lockPerson = (tx: Tx, person: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${person}, 0))`);

/** Selects how many applications a person owns. */
export const countOwned = (person: string) => sql`
  select count(*)::int as owned from ${applicationOwners} o join ${applications} a on a.id = o.application_id
  where o.user_id = ${person} and a.deleted_at is null`;

/** Builds the first event of an application. */
export const createdEvent = ({ id, name }: { id: number; name: string }, person: string, at: Date) => ({
  applicationId: id,
  version: 1,
  actor: person,
  action: 'create' as const,
  name,
  added: [person],
  removed: [],
  at,
});

/** Creates an application with one owner; undefined where its name is taken. The caller appends `createdEvent` last. */
export async function insert(
  tx: Tx,
  name: string,
  person: string,
  at: Date,
): Promise<{ id: number; name: string } | undefined> {
  const [made] = await tx.execute<{ id: string; name: string }>(sql`
    with made as (
      insert into ${applications} (name, created_by, created_at) values (${name}, ${person}, ${at.toISOString()}::timestamptz)
      on conflict do nothing returning id, name),
    owned as (insert into ${applicationOwners} (application_id, user_id) select id, ${person}::text from made)
    select id, name from made`);
  return made && { id: Number(made.id), name: made.name };
}

async function lockOwned(tx: Tx, person: string, which: ReturnType<typeof eq>) {
  const [found] = await tx
    .select({ id: applications.id, name: applications.name })
    .from(applications)
    .innerJoin(applicationOwners, eq(applicationOwners.applicationId, applications.id))
    .where(and(which, eq(applicationOwners.userId, person), isNull(applications.deletedAt)))
    .for('update', { of: applications });
  return found;
}
