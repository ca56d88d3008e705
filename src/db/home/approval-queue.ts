/** The queue: the pending requests that one person may decide, oldest first. It costs what is pending, not what exists. */
import { and, asc, count, eq, exists, inArray, ne, type SQL, sql } from 'drizzle-orm';
import { nearestPage, type Page } from '../../domain/pagination.ts';
import type { Db } from '../db.ts';
import { applications, isPending, registrations, services } from '../schema/core.ts';
import { matchesAllWords } from '../text-search.ts';

/** What a person may decide: which services' requests, and whether also what they asked for themselves. */
export type DecidableRule = { person: string; services: number[]; own: boolean };

/** What the queue is narrowed to; null and '' are no filter. */
export type QueueFilter = { serviceId: number | null; search: string };

/** A pending request, as the queue lists it. */
export type QueuedRequest = {
  id: number;
  version: number;
  service: string;
  application: string;
  requester: string;
  reason: string;
  requestedAt: Date;
  /** Where its card is; null before it is posted. */
  cardChannel: string | null;
};

/** Whom services say that decides, each answer once, with those services that have something pending. */
export async function listRules(db: Db) {
  const pending = db.tables.select({ id: registrations.serviceId }).from(registrations).where(isPending);
  return db.tables
    .select({
      approvers: services.approvers,
      channel: services.channel,
      services: sql<number[]>`json_agg(${services.id})`,
    })
    .from(services)
    .where(inArray(services.id, pending))
    .groupBy(services.approvers, services.channel);
}

const decidable = ({ person, services, own }: DecidableRule): SQL | undefined =>
  and(isPending, inArray(registrations.serviceId, services), own ? undefined : ne(registrations.requester, person));

/** A page of the queue. */
export async function listPage(
  db: Db,
  may: DecidableRule,
  { serviceId, search }: QueueFilter,
  { asked, size }: { asked: number; size: number },
): Promise<Page<QueuedRequest>> {
  const named = db.tables
    .select({ id: applications.id })
    .from(applications)
    .where(
      and(eq(applications.id, registrations.applicationId), matchesAllWords(sql`lower(${applications.name})`, search)),
    );
  const where = and(
    decidable(may),
    serviceId === null ? undefined : eq(registrations.serviceId, serviceId),
    search === '' ? undefined : exists(named),
  );
  const [{ total } = { total: 0 }] = await db.tables.select({ total: count() }).from(registrations).where(where);
  const { page, pages } = nearestPage(asked, total, size);
  const rows = await db.tables
    .select({
      id: registrations.id,
      version: registrations.version,
      service: services.name,
      application: applications.name,
      requester: registrations.requester,
      reason: registrations.reason,
      requestedAt: registrations.requestedAt,
      cardChannel: registrations.cardChannel,
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

/** The services that the queue can be narrowed to, of which every word typed is a part: `limit` at most. */
export async function listFilters(db: Db, may: DecidableRule, typed: string, limit: number) {
  const waiting = db.tables.select({ id: registrations.serviceId }).from(registrations).where(decidable(may));
  return db.tables
    .select({ id: services.id, slug: services.slug, name: services.name })
    .from(services)
    .where(and(inArray(services.id, waiting), matchesAllWords(services.search, typed)))
    .orderBy(sql`lower(${services.name})`, asc(services.id))
    .limit(limit);
}

/** The service that the queue is narrowed to, also where nothing of it waits any more. */
export async function toFilter(db: Db, serviceId: number) {
  const [found] = await db.tables
    .select({ id: services.id, slug: services.slug, name: services.name })
    .from(services)
    .where(eq(services.id, serviceId));
  return found;
}
