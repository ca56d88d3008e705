/** The approval queue: the pending requests that a person may decide, oldest first. Its cost depends on them only. */
import { and, asc, eq, exists, inArray, type SQL, sql } from 'drizzle-orm';
import { nearestPage, type Page } from '../../domain/pagination.ts';
import type { Db } from '../db.ts';
import { countSome } from '../registration/registrations.ts';
import { applicationOwners, applications, isPending, registrations, services } from '../schema/core.ts';
import { matchesAllWords } from '../text-search.ts';

/** What a person can decide: the requests for which services, and whether their own ones too (`own`). */
export type DecidableRule = { person: string; services: number[]; own: boolean };

/** How the queue is filtered; null and '' are no filter. */
export type QueueFilter = { serviceId: number | null; search: string };

/** A pending request as the queue lists it. */
export type QueuedRequest = {
  id: number;
  publicId: string;
  version: number;
  service: string;
  application: string;
  requester: string;
  reason: string;
  requestedAt: Date;
  /** Where its card is; null before it is posted. */
  cardChannel: string | null;
  registrationEnabled: boolean;
  retiredAt: Date | null;
};

/**
 * Lists the approver settings of the services with pending requests, each distinct one once, with its services. It steps from
 * service to service, however many requests each has.
 */
export async function listRules(db: Db) {
  const next = (after: SQL) => sql`(
    select min(service_id) from ${registrations} where status = 'pending' and service_id > ${after})`;
  const rows = await db.tables.execute<{ approvers: string[]; channel: string | null; services: number[] }>(sql`
    with recursive waiting(id) as (
      select ${next(sql`0`)} union all select ${next(sql`waiting.id`)} from waiting where waiting.id is not null)
    select approvers, channel, json_agg(services.id) as services from waiting join ${services} using (id)
    group by approvers, channel`);
  return [...rows];
}

/** Selects the pending requests that a rule allows to decide. */
const decidable = ({ person, services, own }: DecidableRule): SQL | undefined =>
  and(
    isPending,
    inArray(registrations.serviceId, services),
    own
      ? undefined
      : sql`${person} <> all(${registrations.ownersAtRequest} || ${registrations.requester}) and not exists (
          select from ${applicationOwners} o where o.application_id = ${registrations.applicationId} and o.user_id = ${person})`,
  );

/** Lists a page of the queue. */
export async function listPage(
  db: Db,
  rule: DecidableRule,
  { serviceId, search }: QueueFilter,
  { asked, size }: { asked: number; size: number },
): Promise<Page<QueuedRequest>> {
  const matching = db.tables
    .select({ id: applications.id })
    .from(applications)
    .where(
      and(eq(applications.id, registrations.applicationId), matchesAllWords(sql`fold(${applications.name})`, search)),
    );
  const where = and(
    decidable(rule),
    serviceId === null ? undefined : eq(registrations.serviceId, serviceId),
    search === '' ? undefined : exists(matching),
  );
  const total = await countSome(db.tables, where);
  const { page, pages } = nearestPage(asked, total, size);
  const rows = await db.tables
    .select({
      id: registrations.id,
      publicId: registrations.publicId,
      version: registrations.version,
      service: services.name,
      application: applications.name,
      requester: registrations.requester,
      reason: registrations.reason,
      requestedAt: registrations.requestedAt,
      cardChannel: registrations.cardChannel,
      registrationEnabled: services.registrationEnabled,
      retiredAt: services.retiredAt,
    })
    .from(registrations)
    .innerJoin(services, eq(services.id, registrations.serviceId))
    .innerJoin(applications, eq(applications.id, registrations.applicationId))
    .where(where)
    .orderBy(asc(registrations.requestedAt), asc(registrations.id))
    .limit(size)
    .offset((page - 1) * size);
  return { rows, page, pages, total };
}

/** Lists the services that the queue can be filtered by, where every word typed matches; at most `limit`. */
export async function listFilters(db: Db, rule: DecidableRule, typed: string, limit: number) {
  const withPending = db.tables.select({ id: registrations.serviceId }).from(registrations).where(decidable(rule));
  return db.tables
    .select({ publicId: services.publicId, slug: services.slug, name: services.name })
    .from(services)
    .where(and(inArray(services.id, withPending), matchesAllWords(services.search, typed)))
    .orderBy(sql`fold(${services.name})`, asc(services.id))
    .limit(limit);
}

/** Finds the service that the queue is filtered by, even if it has no pending requests now. */
export async function findFilter(db: Db, serviceId: number) {
  const [found] = await db.tables
    .select({ publicId: services.publicId, slug: services.slug, name: services.name })
    .from(services)
    .where(eq(services.id, serviceId));
  return found;
}
