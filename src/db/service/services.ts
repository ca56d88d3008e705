/** Services, as admins manage them: each change, its record and its effects commit together. */
import { and, asc, count, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { maxCounted, nearestPage, type Page } from '../../domain/pagination.ts';
import {
  approverChangeEffects,
  type CatalogService,
  changesPending,
  checkServiceChange,
  differences,
  loosensRules,
  ruleChangeEffects,
  type ServiceChange,
  type ServiceRecord,
  type ServiceRefusal,
} from '../../domain/service.ts';
import { requestServiceLooks } from '../access/request.ts';
import { appendService } from '../audit-log/append.ts';
import type { Tx } from '../client.ts';
import type { Db } from '../db.ts';
import { countSome } from '../registration/registrations.ts';
import { isPending, registrations, services } from '../schema/core.ts';
import { serviceChanges } from '../schema/services.ts';
import { matchesWordPrefixes } from '../text-search.ts';
import { countUnknown } from '../unknown-ids.ts';

export type Service = ServiceRecord & { id: number; publicId: string; version: number };

/** The service after a change, or why it was refused. */
export type ServiceResult = { ok: true; service: Service } | { ok: false; refusal: ServiceRefusal };

/** Who changes which service, and the version that they saw. */
export type ChangeContext = { publicId: string; seen: number; by: string; at: Date };

const row = {
  id: services.id,
  publicId: services.publicId,
  version: services.version,
  slug: services.slug,
  name: services.name,
  description: services.description,
  docs: services.docs,
  registrationEnabled: services.registrationEnabled,
  autoApprove: services.autoApprove,
  channel: services.channel,
  approvers: services.approvers,
  access: services.access,
  managedBy: services.managedBy,
  retired: sql<boolean>`${services.retiredAt} is not null`,
};

/** Finds a service; undefined where there is none. */
export async function find(db: Db, id: number): Promise<Service | undefined> {
  const [found] = await db.tables.select(row).from(services).where(eq(services.id, id));
  return found;
}

/** Finds the service of a public id; undefined where there is none: it is another database's. */
export async function resolve(db: Db, publicId: string): Promise<Service | undefined> {
  const [found] = await db.tables.select(row).from(services).where(eq(services.publicId, publicId));
  if (!found) await countUnknown(db);
  return found;
}

/** Finds the change that led to a version of a service; undefined where there is none. */
export async function findChange(db: Db, id: number, version: number): Promise<ServiceChange | undefined> {
  const which = and(eq(serviceChanges.serviceId, id), eq(serviceChanges.version, version));
  const [found] = await db.tables.select().from(serviceChanges).where(which);
  return found;
}

/** Says whether a slug is taken. */
export async function isSlugTaken(db: Db, slug: string): Promise<boolean> {
  const [found] = await db.tables.select({ id: services.id }).from(services).where(eq(services.slug, slug));
  return found !== undefined;
}

/** Lists a page of the catalog, by name: the services where every word of the search matches; retired ones for admins only. */
export async function listPage(
  db: Db,
  { search, retired }: { search: string; retired: boolean },
  { asked, size }: { asked: number; size: number },
): Promise<Page<Service>> {
  const where = and(retired ? undefined : isNull(services.retiredAt), matchesWordPrefixes(services.search, search));
  const counted = db.tables.select({ id: services.id }).from(services).where(where).limit(maxCounted).as('counted');
  const [{ total } = { total: 0 }] = await db.tables.select({ total: count() }).from(counted);
  const { page, pages } = nearestPage(asked, total, size);
  const rows = await db.tables
    .select(row)
    .from(services)
    .where(where)
    .orderBy(sql`fold(${services.name}) collate "C"`, asc(services.id))
    .limit(size)
    .offset((page - 1) * size);
  return { rows, page, pages, total };
}

/** Adds a service. Of two with the same slug at once, the second is refused. */
export async function add(db: Db, service: CatalogService, by: string, at: Date): Promise<ServiceResult> {
  const after: ServiceRecord = { ...service, retired: false, managedBy: 'slack' };
  return db.tables.transaction(async (tx) => {
    const [made] = await tx
      .insert(services)
      .values({ ...service, managedBy: 'slack' })
      .onConflictDoNothing({ target: services.slug })
      .returning({ id: services.id, publicId: services.publicId, version: services.version });
    if (!made) return { ok: false, refusal: { kind: 'slug-taken' } };
    const { id: serviceId, version } = made;
    await db.outbox.enqueue(tx, [
      { kind: 'catalog' },
      ...(loosensRules({ before: null, after }) ? ruleChangeEffects(serviceId, version, false) : []),
    ]);
    await appendService(tx, { serviceId, version, actor: by, before: null, after, at });
    return { ok: true, service: { ...after, ...made } };
  });
}

/**
 * Changes a service under the lock of its row. Of two admins at once, the second is refused, with what has changed.
 * Setting a field to the value that it has is no change. Enabling registration brings a retired service back.
 */
export async function change(
  db: Db,
  { publicId, seen, by, at }: ChangeContext,
  wanted: Partial<ServiceRecord>,
): Promise<ServiceResult> {
  return db.tables.transaction(async (tx) => {
    const [current] = await tx.select(row).from(services).where(eq(services.publicId, publicId)).for('update');
    if (!current) await countUnknown({ tables: tx });
    const refused = checkServiceChange(current, seen);
    if (!current || refused === 'gone') return { ok: false, refusal: { kind: 'gone' } };
    const { id } = current;
    if (refused === 'managed-by-file') return { ok: false, refusal: { kind: refused } };
    if (refused) {
      return {
        ok: false,
        refusal: { kind: refused, version: current.version, since: await changesSince(tx, id, seen) },
      };
    }
    const { before, after } = differences(current, wanted.registrationEnabled ? { ...wanted, retired: false } : wanted);
    if (Object.keys(after).length === 0) return { ok: true, service: current };
    const { retired, ...columns } = after;
    const version = seen + 1;
    const written = await tx
      .update(services)
      .set({ ...columns, ...(retired === undefined ? {} : { retiredAt: retired ? at : null }), version })
      .where(and(eq(services.id, id), eq(services.version, seen), eq(services.managedBy, 'slack')))
      .returning({ id: services.id });
    if (written.length !== 1) throw new Error(`service ${id} changed while its row was locked`);
    const following = changesPending(after) ? approverChangeEffects(id, version) : [];
    const told = loosensRules({ before, after }) ? ruleChangeEffects(id, version, 'channel' in after) : [];
    await db.outbox.enqueue(tx, [{ kind: 'catalog' }, ...following, ...told]);
    if ('access' in after)
      await requestServiceLooks(tx, db, [{ service: id, before: before.access, after: after.access }]);
    await appendService(tx, { serviceId: id, version, actor: by, before, after, at });
    return { ok: true, service: { ...current, ...after, version } };
  });
}

/** Slackbot, on whose account the audit log has what Slack itself does. */
const slackbot = 'USLACKBOT';

/** Changes the channel of a service to the id that Slack has given it, also of one that the catalog file manages. */
export async function moveService(
  db: Db,
  id: number,
  { from, to, at }: { from: string; to: string; at: Date },
): Promise<void> {
  await db.tables.transaction(async (tx) => {
    const [moved] = await tx
      .update(services)
      .set({ channel: to, version: sql`${services.version} + 1` })
      .where(and(eq(services.id, id), eq(services.channel, from)))
      .returning({ version: services.version });
    if (!moved) return;
    await db.outbox.enqueue(tx, [{ kind: 'catalog' }]);
    const change = { serviceId: id, version: moved.version, actor: slackbot, at };
    await appendService(tx, { ...change, before: { channel: from }, after: { channel: to } });
  });
}

/** Counts the pending requests and the approved registrations that a change of a service concerns; of each so many at most. */
export async function changeImpact(db: Db, id: number): Promise<{ pending: number; approved: number }> {
  const ofService = eq(registrations.serviceId, id);
  const [pending, approved] = await Promise.all([
    countSome(db.tables, and(ofService, isPending)),
    countSome(db.tables, and(ofService, sql`${registrations.status} = 'approved'`)),
  ]);
  return { pending, approved };
}

/** How many changes a refusal lists. */
const maxChangesListed = 5;

/** Lists the changes after the version that an admin saw, newest first. */
export const changesSince = (tables: Db['tables'] | Tx, id: number, seen: number): Promise<ServiceChange[]> =>
  tables
    .select()
    .from(serviceChanges)
    .where(and(eq(serviceChanges.serviceId, id), gt(serviceChanges.version, seen)))
    .orderBy(desc(serviceChanges.version))
    .limit(maxChangesListed);
