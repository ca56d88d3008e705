/** The catalog: the services that may be asked for. */
import { and, asc, desc, eq, isNull, or, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import { type CatalogService, followingOf } from '../../domain/service.ts';
import type { Db } from '../client.ts';
import { services } from '../schema/core.ts';
import { findsAll, literal } from '../text-search.ts';

/** A service as a picker offers it. */
export type Offered = { id: number; slug: string; name: string; description: string; registrationEnabled: boolean };

const offered = {
  id: services.id,
  slug: services.slug,
  name: services.name,
  description: services.description,
  registrationEnabled: services.registrationEnabled,
};

/** Retired services are offered to nobody. */
const onOffer = isNull(services.retiredAt);

/** By name, byte by byte and so in every database alike: that is how their index has them. */
const byName = sql`lower(${services.name}) collate "C"`;

/** Of how many that were found the first by name are offered, more than are shown. Whoever finds more types on. */
const lookedAt = 150;

/**
 * The services whose name begins with what was typed, and then those of which every word typed is part of the name, slug
 * or description; `limit` at most. It costs what it offers, and not what there is: the first kind comes out of the index in
 * its order, the second is not looked for where the first suffices, and of many only so many are put in order.
 */
export async function search(db: Db, typed: string, limit: number): Promise<Offered[]> {
  const text = typed.trim();
  const rows = () => db.tables.select(offered).from(services);
  if (text === '') return rows().where(onOffer).orderBy(byName, asc(services.id)).limit(limit);
  const begins = sql`${byName} like lower(${`${literal(text)}%`})`;
  const first = rows().where(and(onOffer, begins)).orderBy(byName, asc(services.id)).limit(limit);
  const found = rows()
    .where(and(onOffer, findsAll(services.search, text), sql`not starts_with(lower(${services.name}), lower(${text}))`))
    .limit(lookedAt)
    .as('found');
  const others = db.tables
    .select()
    .from(found)
    .orderBy(sql`lower(${found.name}) collate "C"`, asc(found.id))
    .limit(limit);
  return unionAll(first, others).limit(limit);
}

/** The service that somebody named in full, by slug or by name. */
export async function named(db: Db, text: string): Promise<Offered | undefined> {
  const [found] = await db.tables
    .select(offered)
    .from(services)
    .where(and(onOffer, or(eq(services.slug, text.toLowerCase()), sql`${byName} = lower(${text})`)))
    .orderBy(desc(eq(services.slug, text.toLowerCase())), asc(services.id))
    .limit(1);
  return found;
}

/** Any number, the same for all replicas: one of them applies the catalog file at a time. */
const catalogLock = 727_432;

/** A row of services as its record tells of it (`ServiceRecord`). */
const recordOf = (row: SQL): SQL => sql`jsonb_build_object(
  'slug', ${row}.slug, 'name', ${row}.name, 'description', ${row}.description, 'docs', ${row}.docs,
  'registrationEnabled', ${row}.registration_enabled, 'autoApprove', ${row}.auto_approve, 'channel', ${row}.channel,
  'approvers', to_jsonb(${row}.approvers), 'retired', ${row}.retired_at is not null, 'managedBy', ${row}.managed_by)`;

/**
 * Sets the services that the catalog file names, as the file says, in one transaction, and records what changed. Services
 * made in Slack are left alone. One that the file no longer names takes no new requests; what is registered stays.
 * Returns what changed. The record is not quite the last of it (history.ts): jobs follow, which wait for nobody.
 */
export async function applyFile(
  db: Db,
  file: CatalogService[],
  at: Date,
): Promise<{ set: string[]; dropped: string[] }> {
  return db.tables.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${catalogLock})`);
    const wanted = sql`jsonb_to_recordset(${JSON.stringify(file)}::jsonb) as file(
      slug text, name text, description text, docs text, "registrationEnabled" boolean, "autoApprove" boolean,
      channel text, approvers text[])`;
    // An admin may be changing one of them: what is recorded below as before is what they leave.
    await tx.execute(sql`
      select from services where managed_by = 'file' or slug in (select slug from ${wanted}) order by id for update`);
    const changed = await tx.execute<{
      slug: string;
      dropped: boolean;
      id: string;
      version: number;
      follows: boolean;
    }>(sql`
      with set as (
        insert into services (slug, name, description, docs, registration_enabled, auto_approve, channel, approvers, managed_by)
        select slug, name, description, docs, "registrationEnabled", "autoApprove", channel, approvers, 'file' from ${wanted}
        on conflict (slug) do update set
          name = excluded.name, description = excluded.description, docs = excluded.docs,
          registration_enabled = excluded.registration_enabled, auto_approve = excluded.auto_approve,
          channel = excluded.channel, approvers = excluded.approvers, managed_by = 'file', retired_at = null,
          version = services.version + 1
        where (services.name, services.description, services.docs, services.registration_enabled, services.auto_approve,
            services.channel, services.approvers, services.managed_by, services.retired_at)
          is distinct from (excluded.name, excluded.description, excluded.docs, excluded.registration_enabled,
            excluded.auto_approve, excluded.channel, excluded.approvers, 'file', null::timestamptz)
        returning *),
      dropped as (
        update services set managed_by = 'slack', registration_enabled = false, version = version + 1
        where managed_by = 'file' and not exists (select from ${wanted} where file.slug = services.slug)
        returning *),
      changed as (select *, false as dropped from set union all select *, true from dropped),
      recorded as (
        insert into service_changes (service_id, version, actor, before, after, at)
        select changed.id, changed.version, null, case when old.id is not null then fields.before end, fields.after,
          ${at.toISOString()}::timestamptz
        from changed
        -- Within this statement, services is still as it was before.
        left join services old on old.id = changed.id
        cross join lateral (
          select jsonb_object_agg(now.key, was.value) as before, jsonb_object_agg(now.key, now.value) as after
          from jsonb_each(${recordOf(sql`changed`)}) now
          left join jsonb_each(${recordOf(sql`old`)}) was on was.key = now.key and old.id is not null
          where now.value is distinct from was.value) fields
        returning service_id, before is not null and after ?| array['channel', 'approvers'] as follows)
      select slug, dropped, id, version, follows from changed join recorded on service_id = id`);
    const follows = changed
      .filter(({ follows }) => follows)
      .flatMap(({ id, version }) => followingOf(Number(id), version));
    if (changed.length > 0) await db.outbox.enqueue(tx, [{ kind: 'catalog' }, ...follows]);
    const slugs = (which: boolean) => changed.filter(({ dropped }) => dropped === which).map(({ slug }) => slug);
    return { set: slugs(false), dropped: slugs(true) };
  });
}
