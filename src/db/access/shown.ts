/** The access of registrations as their cards, lists and messages show it. */
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import { type ServiceAccess, type ShownAccess, shownAccess } from '../../domain/access.ts';
import type { Status } from '../../domain/registration.ts';
import type { Db } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';
import { registrations, services } from '../schema/core.ts';

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

/** Finds the access of registrations; those that have none, and had none, are not in the map. */
export async function findShown({ tables }: Db, all: WithAccess[]): Promise<Map<number, ShownAccess>> {
  const rows = all.filter(({ access, hadAccess }) => access || hadAccess);
  if (rows.length === 0) return new Map();
  const known = await tables
    .select()
    .from(applicationAccess)
    .where(
      or(
        inArray(
          applicationAccess.registrationId,
          rows.map(({ id }) => id),
        ),
        inArray(
          applicationAccess.applicationId,
          rows.filter(({ access }) => access).map(({ applicationId }) => applicationId),
        ),
      ),
    );
  if (known.length === 0 && rows.every(({ access }) => !access)) return new Map();
  const approved = await tables
    .select({ id: registrations.id, application: registrations.applicationId, access: services.access })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      and(
        inArray(
          registrations.applicationId,
          rows.map(({ applicationId }) => applicationId),
        ),
        eq(registrations.status, 'approved'),
        sql`${services.access} is not null`,
      ),
    );
  const shown = rows.flatMap(({ id, publicId, applicationId, status, changedAt, access }): [number, ShownAccess][] => {
    const theirs = known.filter((one) => one.applicationId === applicationId);
    const row =
      theirs.find((one) => access && one.gateway === access.gateway && one.group === access.group) ??
      theirs.find((one) => one.registrationId === id);
    const backed = approved.some(
      (one) =>
        one.id !== id &&
        one.application === applicationId &&
        one.access?.gateway === row?.gateway &&
        one.access?.group === row?.group,
    );
    const found = shownAccess({ publicId, approved: status === 'approved', changedAt, backed }, access, row);
    return found ? [[id, found]] : [];
  });
  return new Map(shown);
}

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
