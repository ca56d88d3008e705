/** A group that is open, with what it opens: what its message shows. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { applicationAccess } from '../schema/access.ts';
import { applications, registrations, services } from '../schema/core.ts';

export type OpenedAccess = {
  application: string;
  gateway: string;
  since: Date;
  services: { registration: string; name: string; docs: string | null; credential: 'key' | 'none' }[];
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
    services: rows.map(({ registration, name, docs, access }) => ({
      registration,
      name,
      docs,
      credential: access?.credential ?? 'none',
    })),
  };
}
