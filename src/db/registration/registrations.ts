/** Registrations: finds them by id, and lists those that an owner may unregister. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { type Status, statusesAllowing } from '../../domain/registration.ts';
import { type Db, preparedOnce } from '../db.ts';
import { applicationOwners, applications, registrations, services } from '../schema/core.ts';
import { matchesAllWords } from '../text-search.ts';

/** Prepared once, because every click and every message runs it. */
const findById = preparedOnce((tables) =>
  tables
    .select({
      registration: registrations,
      service: services,
      application: applications.name,
      applicationDeletedAt: applications.deletedAt,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(eq(registrations.id, sql.placeholder('id')))
    .prepare('a_registration'),
);

/** Finds a registration with its service and application, without a lock; undefined where there is none. */
export async function find(db: Db, id: number) {
  const [row] = await findById(db).execute({ id });
  return row;
}

/** A registration and its service, as one statement read them. */
export type RegistrationWithService = Pick<NonNullable<Awaited<ReturnType<typeof find>>>, 'registration' | 'service'>;

/** A registration that a person may unregister. */
export type Unregistrable = { id: number; version: number; service: string; application: string; status: Status };

/** Lists what a person may unregister, of all applications they own, where every word typed matches; at most `limit`. */
export async function searchUnregistrable(
  db: Db,
  owner: string,
  typed: string,
  limit: number,
): Promise<Unregistrable[]> {
  return db.tables
    .select({
      id: registrations.id,
      version: registrations.version,
      service: services.name,
      application: applications.name,
      status: registrations.status,
    })
    .from(registrations)
    .innerJoin(applicationOwners, eq(applicationOwners.applicationId, registrations.applicationId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      and(
        eq(applicationOwners.userId, owner),
        inArray(registrations.status, statusesAllowing('unregister')),
        // The text that the picker shows, so that users can type what they read there.
        matchesAllWords(
          sql`lower(concat(${services.name}, ' — ', ${applications.name}, ' (', ${registrations.status}, ')'))`,
          typed,
        ),
      ),
    )
    .orderBy(sql`lower(${services.name})`, sql`lower(${applications.name})`)
    .limit(limit);
}
