/** Services, as admins keep them. Each change, its record and its effects are one transaction. */
import { and, asc, count, desc, eq, gt, sql } from 'drizzle-orm';
import { nearestPage, type Page } from '../../domain/pagination.ts';
import {
  approverChangeEffects,
  type CatalogService,
  changesApprovers,
  checkServiceChange,
  differences,
  type ServiceChange,
  type ServiceRecord,
  type ServiceRefusal,
} from '../../domain/service.ts';
import { appendService } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { services } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';
import { matchesAllWords } from '../text-search.ts';

export type Service = ServiceRecord & { id: number; version: number };

export type ServiceResult = { ok: true; service: Service } | { ok: false; refusal: ServiceRefusal };

/** Who changes what, and which version of it they saw. */
export type ChangeContext = { id: number; seen: number; by: string; at: Date };

const row = {
  id: services.id,
  version: services.version,
  slug: services.slug,
  name: services.name,
  description: services.description,
  docs: services.docs,
  registrationEnabled: services.registrationEnabled,
  autoApprove: services.autoApprove,
  channel: services.channel,
  approvers: services.approvers,
  managedBy: services.managedBy,
  retired: sql<boolean>`${services.retiredAt} is not null`,
};

/** A service as it is; undefined where there is none. */
export async function find(db: Db, id: number): Promise<Service | undefined> {
  const [found] = await db.tables.select(row).from(services).where(eq(services.id, id));
  return found;
}

/** A change of a service that has been made; undefined where there is none. */
export async function toServiceChange(db: Db, id: number, version: number): Promise<ServiceChange | undefined> {
  const which = and(eq(serviceChanges.serviceId, id), eq(serviceChanges.version, version));
  const [found] = await db.tables.select().from(serviceChanges).where(which);
  return found;
}

/** Whether a slug is taken. */
export async function isSlugTaken(db: Db, slug: string): Promise<boolean> {
  const [found] = await db.tables.select({ id: services.id }).from(services).where(eq(services.slug, slug));
  return found !== undefined;
}

/** A page of the whole catalog, by name: of the services of which every word typed is a part. */
export async function listPage(
  db: Db,
  search: string,
  { asked, size }: { asked: number; size: number },
): Promise<Page<Service>> {
  const where = matchesAllWords(services.search, search);
  const [{ total } = { total: 0 }] = await db.tables.select({ total: count() }).from(services).where(where);
  const { page, pages } = nearestPage(asked, total, size);
  const rows = await db.tables
    .select(row)
    .from(services)
    .where(where)
    .orderBy(sql`lower(${services.name}) collate "C"`, asc(services.id))
    .limit(size)
    .offset((page - 1) * size);
  return { rows, page, pages, total };
}

/** Adds a service. Of two with the same slug, the first is added. */
export async function add(db: Db, service: CatalogService, by: string, at: Date): Promise<ServiceResult> {
  const after: ServiceRecord = { ...service, retired: false, managedBy: 'slack' };
  return db.tables.transaction(async (tx) => {
    const [made] = await tx
      .insert(services)
      .values({ ...service, managedBy: 'slack' })
      .onConflictDoNothing({ target: services.slug })
      .returning({ id: services.id, version: services.version });
    if (!made) return { ok: false, refusal: { kind: 'slug-taken' } };
    const { id: serviceId, version } = made;
    await db.outbox.enqueue(tx, [{ kind: 'catalog' }]);
    await appendService(tx, { serviceId, version, actor: by, before: null, after, at });
    return { ok: true, service: { ...after, ...made } };
  });
}

/**
 * Changes a service: one lock on its row, one conditional write. Of two admins at once, one changes it and the other is
 * told what has changed. What is already as wished is no change. A service that is enabled is not retired.
 */
export async function change(
  db: Db,
  { id, seen, by, at }: ChangeContext,
  wish: Partial<ServiceRecord>,
): Promise<ServiceResult> {
  return db.tables.transaction(async (tx) => {
    const [is] = await tx.select(row).from(services).where(eq(services.id, id)).for('update');
    const refused = checkServiceChange(is, seen);
    if (!is || refused === 'gone') return { ok: false, refusal: { kind: 'gone' } };
    if (refused === 'managed-by-file') return { ok: false, refusal: { kind: refused } };
    if (refused) {
      return { ok: false, refusal: { kind: refused, version: is.version, since: await changesSince(tx, id, seen) } };
    }
    const { before, after } = differences(is, wish.registrationEnabled ? { ...wish, retired: false } : wish);
    if (Object.keys(after).length === 0) return { ok: true, service: is };
    const { retired, ...columns } = after;
    const version = seen + 1;
    const written = await tx
      .update(services)
      .set({ ...columns, ...(retired === undefined ? {} : { retiredAt: retired ? at : null }), version })
      .where(and(eq(services.id, id), eq(services.version, seen), eq(services.managedBy, 'slack')))
      .returning({ id: services.id });
    if (written.length !== 1) throw new Error(`service ${id} moved under its lock`);
    const follows = changesApprovers(after) ? approverChangeEffects(id, version) : [];
    await db.outbox.enqueue(tx, [{ kind: 'catalog' }, ...follows]);
    await appendService(tx, { serviceId: id, version, actor: by, before, after, at });
    return { ok: true, service: { ...is, ...after, version } };
  });
}

/** The most changes that somebody is told of who comes too late. */
const toldAtMost = 5;

const changesSince = (tx: Tx, id: number, seen: number): Promise<ServiceChange[]> =>
  tx
    .select()
    .from(serviceChanges)
    .where(and(eq(serviceChanges.serviceId, id), gt(serviceChanges.version, seen)))
    .orderBy(desc(serviceChanges.version))
    .limit(toldAtMost);
