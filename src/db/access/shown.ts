/** The access of registrations as their cards, lists and messages show it. */
import { eq, getTableColumns, inArray, or, sql } from 'drizzle-orm';
import { isSameGroup, type ServiceAccess, type ShownAccess, shownAccess } from '../../domain/access.ts';
import type { Status } from '../../domain/registration.ts';
import type { Db } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';
import { history, registrations, services } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';

/** What of a registration decides on its access. */
export type WithAccess = {
  id: number;
  publicId: string;
  applicationId: number;
  status: Status;
  changedAt: Date;
  access: ServiceAccess | null;
  /** Whether it has ever backed a group. */
  hadAccess: boolean;
};

/**
 * Finds the access of registrations; those that have none, and had none, are not in the map. It reads the groups that these
 * show, however many others their applications have.
 */
export async function findShown({ tables }: Db, all: WithAccess[]): Promise<Map<number, ShownAccess>> {
  const rows = all.filter(({ access, hadAccess }) => access || hadAccess);
  if (rows.length === 0) return new Map();
  const groups = rows.flatMap(({ applicationId, access }) =>
    access ? [sql`(${applicationId}::bigint, ${access.gateway}, ${access.group})`] : [],
  );
  const { applicationId, gateway, group, registrationId } = applicationAccess;
  const known = await tables
    .select({ ...getTableColumns(applicationAccess), endedAt, isBacked })
    .from(applicationAccess)
    .innerJoin(registrations, eq(registrations.id, registrationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      or(
        inArray(
          registrationId,
          rows.map(({ id }) => id),
        ),
        groups.length > 0 ? sql`(${applicationId}, ${gateway}, ${group}) in (${sql.join(groups, sql`, `)})` : undefined,
      ),
    );
  const shown = rows.flatMap(({ id, publicId, applicationId, status, changedAt, access }): [number, ShownAccess][] => {
    const theirs = known.filter((one) => one.applicationId === applicationId);
    const given = theirs.find((one) => isSameGroup(one, access));
    const unbacked = theirs.find(
      (one) => (one === given || one.registrationId === id) && one.open !== false && !one.isBacked,
    );
    const groups = { known: given, unbacked };
    const found = shownAccess({ publicId, approved: status === 'approved', changedAt }, access, groups);
    return found ? [[id, found]] : [];
  });
  return new Map(shown);
}

/** Selects whether an approved registration of the application backs a group. */
const isBacked = sql<boolean>`exists (
  select from ${registrations} other join ${services} giving on giving.id = other.service_id
  where other.application_id = ${applicationAccess.applicationId} and other.status = 'approved'
    and giving.access->>'gateway' = ${applicationAccess.gateway} and giving.access->>'group' = ${applicationAccess.group})`;

/** Selects when the registration that last backed a group has ceased to: by its own end, or by a change of its service. */
const endedAt = sql`case
  when ${registrations.status} <> 'approved' then (
    select max(h.at) from ${history} h
    where h.registration_id = ${registrations.id} and h.from_status = 'approved' and h.to_status <> 'approved')
  when (${services.access}->>'gateway', ${services.access}->>'group')
    is distinct from (${applicationAccess.gateway}, ${applicationAccess.group}) then (
    select max(c.at) from ${serviceChanges} c where c.service_id = ${services.id} and c.after ? 'access')
  end`.mapWith(applicationAccess.since);

/** Selects whether a registration has ever backed a group: most have not, and cost no statement. */
export const hadAccess = sql<boolean>`exists (
  select from ${applicationAccess} where ${applicationAccess.registrationId} = ${registrations.id})`;

/** Selects whether a registration that has ended may still be let through somewhere: then it is still listed. */
export const mayStillBeOpen = sql<boolean>`exists (
  select from ${applicationAccess} where ${applicationAccess.registrationId} = ${registrations.id}
    and ${registrations.status} <> 'approved' and ${applicationAccess.open} is distinct from false)`;

/**
 * Writes down that an owner reads that access is on its way, so that they hear when it has come. Returns false where it has
 * come already.
 */
export async function promiseAccess(db: Db, registration: number, at: Date): Promise<boolean> {
  const [found] = await db.tables
    .select({ application: registrations.applicationId, access: services.access })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(eq(registrations.id, registration));
  if (!found?.access) return false;
  const { gateway, group } = found.access;
  const row = { applicationId: found.application, gateway, group, registrationId: registration };
  const written = await db.tables
    .insert(applicationAccess)
    .values({ ...row, wanted: true, announce: true, since: at })
    .onConflictDoUpdate({
      target: [applicationAccess.applicationId, applicationAccess.gateway, applicationAccess.group],
      set: { announce: true },
      setWhere: sql`${applicationAccess.open} is distinct from true`,
    })
    .returning({ group: applicationAccess.group });
  return written.length > 0;
}
