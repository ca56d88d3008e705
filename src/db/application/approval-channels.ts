/** The approval channels of an application: those of the services that it has live registrations for, found some at a time. */
import { and, asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { Status } from '../../domain/registration.ts';
import type { Db } from '../db.ts';
import { applicationHistory } from '../schema/applications.ts';
import { applicationOwners, applications, isLiveRow, registrations, services } from '../schema/core.ts';

/** How many registrations are read at once. */
const batch = 500;

/**
 * Lists some of an application's live registrations, those with ids above `after`, each with its service's channel (null:
 * ADMIN_CHANNEL). Returns where the next ones begin; undefined at the end.
 */
export async function listSome(
  db: Db,
  application: number,
  after: number,
): Promise<{ found: { id: number; channel: string | null }[]; next: number | undefined }> {
  const found = await db.tables
    .select({ id: registrations.id, channel: services.channel })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(and(eq(registrations.applicationId, application), gt(registrations.id, after), isLiveRow))
    .orderBy(asc(registrations.id))
    .limit(batch);
  return { found, next: found.length === batch ? found.at(-1)?.id : undefined };
}

/** Lists what these registrations are for, by name. For what an earlier version enqueued, the first ones of a channel. */
export async function listServices(
  db: Db,
  which: { registrations: number[] } | { application: number; place: string | null; limit: number },
): Promise<{ name: string; status: Status }[]> {
  const rows = db.tables
    .select({ name: services.name, status: registrations.status })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId));
  if ('registrations' in which)
    return rows
      .where(and(inArray(registrations.id, which.registrations), isLiveRow))
      .orderBy(sql`fold(${services.name})`, asc(registrations.id));
  const ofPlace = sql`${services.channel} is not distinct from ${which.place}`;
  return rows.where(and(eq(registrations.applicationId, which.application), isLiveRow, ofPlace)).limit(which.limit);
}

/** Lists some of the applications that a person who left Slack has owned until then, those with ids above `after`. */
export async function listLeft(
  db: Db,
  person: string,
  since: Date,
  after: number,
  limit: number,
): Promise<{ id: number; ownerless: boolean }[]> {
  const { removed, action, at, applicationId } = applicationHistory;
  const owner = db.tables.select().from(applicationOwners).where(eq(applicationOwners.applicationId, applications.id));
  return db.tables
    .selectDistinct({ id: applications.id, ownerless: sql<boolean>`not exists ${owner}` })
    .from(applicationHistory)
    .innerJoin(applications, eq(applications.id, applicationId))
    .where(
      and(
        sql`${action} = 'depart'`,
        sql`${removed}[1] = ${person}`,
        sql`${at} >= ${since.toISOString()}::timestamptz`,
        gt(applicationId, after),
        isNull(applications.deletedAt),
      ),
    )
    .orderBy(asc(applications.id))
    .limit(limit);
}

/** Finds the names and the owners of applications that were not deleted, by name. */
export async function listOwners(db: Db, ids: number[]): Promise<{ application: string; owners: string[] }[]> {
  return db.tables
    .select({
      application: applications.name,
      owners: sql<string[]>`array(
        select o.user_id from ${applicationOwners} o where o.application_id = ${applications.id} order by 1)`,
    })
    .from(applications)
    .where(and(inArray(applications.id, ids), isNull(applications.deletedAt)))
    .orderBy(sql`fold(${applications.name})`, asc(applications.id));
}
