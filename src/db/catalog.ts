/** The catalog: the services that may be asked for. */
import { asc, desc, eq, or, sql } from 'drizzle-orm';
import type { CatalogService } from '../domain/catalog.ts';
import type { Db } from './client.ts';
import { services } from './schema.ts';
import { containsAll } from './search.ts';

/** A service as a picker offers it. */
export type Offered = { id: number; slug: string; name: string; description: string; registrationEnabled: boolean };

const offered = {
  id: services.id,
  slug: services.slug,
  name: services.name,
  description: services.description,
  registrationEnabled: services.registrationEnabled,
};

/** The services of which every word typed is part of the name, slug or description: those whose name begins with it first; `limit` at most. */
export async function search(db: Db, typed: string, limit: number): Promise<Offered[]> {
  const text = typed.trim();
  const rows = db.tables.select(offered).from(services);
  if (text === '') return rows.orderBy(sql`lower(${services.name})`, asc(services.id)).limit(limit);
  return rows
    .where(containsAll(services.search, text))
    .orderBy(
      desc(sql`starts_with(lower(${services.name}), lower(${text}))`),
      sql`lower(${services.name})`,
      asc(services.id),
    )
    .limit(limit);
}

/** The service that somebody named in full, by slug or by name. */
export async function named(db: Db, text: string): Promise<Offered | undefined> {
  const [found] = await db.tables
    .select(offered)
    .from(services)
    .where(or(eq(services.slug, text.toLowerCase()), sql`lower(${services.name}) = lower(${text})`))
    .orderBy(desc(eq(services.slug, text.toLowerCase())), asc(services.id))
    .limit(1);
  return found;
}

/** Any number, the same for all replicas: one of them applies the catalog file at a time. */
const catalogLock = 727_432;

/**
 * Sets the services that the catalog file names, as the file says, in one transaction. Services made in Slack are left
 * alone. One that the file no longer names takes no new requests; what is registered stays. Returns what changed.
 */
export async function applyFile(db: Db, file: CatalogService[]): Promise<{ set: string[]; dropped: string[] }> {
  return db.tables.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${catalogLock})`);
    const wanted = sql`jsonb_to_recordset(${JSON.stringify(file)}::jsonb) as file(
      slug text, name text, description text, docs text, "registrationEnabled" boolean, "autoApprove" boolean,
      channel text, approvers text[])`;
    const set = await tx.execute<{ slug: string }>(sql`
      insert into services (slug, name, description, docs, registration_enabled, auto_approve, channel, approvers, managed_by)
      select slug, name, description, docs, "registrationEnabled", "autoApprove", channel, approvers, 'file' from ${wanted}
      on conflict (slug) do update set
        name = excluded.name, description = excluded.description, docs = excluded.docs,
        registration_enabled = excluded.registration_enabled, auto_approve = excluded.auto_approve,
        channel = excluded.channel, approvers = excluded.approvers, managed_by = 'file'
      where (services.name, services.description, services.docs, services.registration_enabled, services.auto_approve,
          services.channel, services.approvers, services.managed_by)
        is distinct from (excluded.name, excluded.description, excluded.docs, excluded.registration_enabled,
          excluded.auto_approve, excluded.channel, excluded.approvers, 'file')
      returning slug`);
    const dropped = await tx.execute<{ slug: string }>(sql`
      update services set managed_by = 'slack', registration_enabled = false
      where managed_by = 'file' and not exists (select from ${wanted} where file.slug = services.slug)
      returning slug`);
    return { set: set.map(({ slug }) => slug), dropped: dropped.map(({ slug }) => slug) };
  });
}
