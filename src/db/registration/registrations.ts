/** Registrations, as they are found. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { type Status, statusesAllowing } from '../../domain/registration.ts';
import { type Db, preparedOnce } from '../db.ts';
import { applicationOwners, applications, registrations, services } from '../schema/core.ts';
import { matchesAllWords } from '../text-search.ts';

/** Written out once: each click asks it, and each message that is drawn. */
const finding = preparedOnce((tables) =>
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

/** What must be known of a registration before Slack is asked who the person is; undefined where there is none. */
export async function find(db: Db, id: number) {
  const [row] = await finding(db).execute({ id });
  return row;
}

/** A registration as it was found, unlocked. */
export type RegistrationWithService = Pick<NonNullable<Awaited<ReturnType<typeof find>>>, 'registration' | 'service'>;

/** What a person may unregister. */
export type Unregistrable = { id: number; version: number; service: string; application: string; status: Status };

/** The registrations that a person may unregister, of every application they own, of which every word typed is a part: `limit` at most. */
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
        // As the picker shows it, so that what is read there can be typed.
        matchesAllWords(
          sql`lower(concat(${services.name}, ' — ', ${applications.name}, ' (', ${registrations.status}, ')'))`,
          typed,
        ),
      ),
    )
    .orderBy(sql`lower(${services.name})`, sql`lower(${applications.name})`)
    .limit(limit);
}
