/** What messages to owners show of a group: what it opens, or what they have lost with it. */
import { and, eq, sql } from 'drizzle-orm';
import { isSameGroup, type ServiceAccess } from '../../domain/access.ts';
import type { Db } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';
import { applications, registrations, services } from '../schema/core.ts';

export type OpenedAccess = {
  application: string;
  gateway: string;
  since: Date;
  services: { id: number; registration: string; name: string; docs: string | null; credential: 'key' | 'none' }[];
};

/** Finds an open group of an application and the services that it is registered for in it; undefined where it is not open. */
export async function findOpened(
  { tables }: Db,
  { application, gateway, group }: { application: number; gateway: string; group: string },
): Promise<OpenedAccess | undefined> {
  const rows = await tables
    .select({
      application: applications.name,
      since: applicationAccess.since,
      id: registrations.id,
      registration: registrations.publicId,
      name: services.name,
      docs: services.docs,
      access: services.access,
    })
    .from(applicationAccess)
    .innerJoin(applications, eq(applications.id, applicationAccess.applicationId))
    .innerJoin(registrations, eq(registrations.applicationId, applications.id))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(
      and(
        eq(applicationAccess.applicationId, application),
        eq(applicationAccess.gateway, gateway),
        eq(applicationAccess.group, group),
        eq(applicationAccess.open, true),
        eq(registrations.status, 'approved'),
        sql`${services.access}->>'gateway' = ${gateway} and ${services.access}->>'group' = ${group}`,
      ),
    )
    .orderBy(services.name);
  const [first] = rows;
  if (!first) return undefined;
  return {
    application: first.application,
    gateway,
    since: first.since,
    services: rows.map(({ id, registration, name, docs, access }) => ({
      id,
      registration,
      name,
      docs,
      credential: access?.credential ?? 'none',
    })),
  };
}

export type LostAccess = {
  application: string;
  gateway: string;
  registration: { id: number; publicId: string };
  service: string;
  /** Calls may still go through by the group that is taken away. */
  stillOpen: boolean;
  /** Where the service's access is now, and whether the gateway has confirmed it; null where it has none. */
  now: (ServiceAccess & { open: boolean }) | null;
};

/**
 * Finds a group that a change of its service has taken from an application; undefined where it is given again, or where the
 * registration has ended meanwhile, so that there is nothing more to tell.
 */
export async function findLost(
  { tables }: Pick<Db, 'tables'>,
  { application, gateway, group, change }: { application: number; gateway: string; group: string; change: string },
): Promise<LostAccess | undefined> {
  const known = await tables
    .select({ access: applicationAccess, application: applications.name, registrations, services })
    .from(applicationAccess)
    .innerJoin(applications, eq(applications.id, applicationAccess.applicationId))
    .innerJoin(registrations, eq(registrations.id, applicationAccess.registrationId))
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .where(eq(applicationAccess.applicationId, application));
  const lost = known.find(({ access }) => isSameGroup(access, { gateway, group }) && access.change === change);
  if (lost?.registrations.status !== 'approved') return undefined;
  const { id, publicId } = lost.registrations;
  const now = lost.services.access;
  const open = known.some(({ access }) => isSameGroup(access, now) && access.open === true);
  return {
    application: lost.application,
    gateway,
    registration: { id, publicId },
    service: lost.services.name,
    stillOpen: lost.access.open !== false,
    now: now && { ...now, open },
  };
}
